"""Look into a picture: decode the whole of it. Runs in the child."""

from io import BytesIO

from PIL import Image, ImageFile

from vca.core.uploads.kinds import BEGINNINGS, Broken, Kind, Limits, TooMuch

END_OF_PNG = b"\x00\x00\x00\x00IEND\xaeB`\x82"  # its last chunk, always the same

Image.preinit()  # everything that it imports, before the doors close
Image.MAX_IMAGE_PIXELS = None  # judged below
ImageFile.LOAD_TRUNCATED_IMAGES = False


def examine(content: bytes, limits: Limits) -> None:
    """Raise what is unfit; whatever else is raised means that it cannot be read."""
    if content.startswith(BEGINNINGS[Kind.PNG]) and not content.endswith(END_OF_PNG):
        raise Broken("the picture is cut off, or something else hangs on it")
    picture = Image.open(BytesIO(content), formats=["PNG", "JPEG"])
    if picture.width * picture.height > limits.pixels:
        raise TooMuch(f"the picture has more than {limits.pixels // 10**6} million pixels")
    picture.load()
