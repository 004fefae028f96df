"""Custom modules, as zip files with their XML."""

import io
import zipfile

MODULE_XML = """<Module name="{name}" isDeterministic="true">
  <Owner>Emil</Owner><Language name="R" sourceFile="m.R" entryPoint="f"/><Description>Adds one.</Description>
  <Ports><Input id="i" name="dataset_in" type="DataTable"/><Output id="o" name="dataset_out" type="DataTable"/></Ports>
  <Arguments><Arg id="n" name="How many" type="int"><Properties default="3"/></Arg></Arguments>
</Module>"""


def zipped(*files: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return stream.getvalue()
