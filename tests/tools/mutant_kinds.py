"""The kinds of differences between Pillow and the image room on mutants, for compare_mutants.py: how each is told, and why it is
left as it is."""
import re

# Kind -> why it stays.
KINDS = {
    "damaged scan of a JPEG": "libjpeg warns and guesses what is missing; the decoder stops, or leaves the rest black",
    "JPEG whose restart markers are missing": "libjpeg warns and guesses where they belong; the decoder would leave the rest black",
    "JPEG with values that no block can hold": "the pixels are damaged; libjpeg wraps them around",
    "scans of a progressive JPEG that contradict each other": "no encoder writes them; libjpeg warns",
    "progressive JPEG without all its scans, or whose tables change between them": "libjpeg smooths blocks whose coefficients are missing, and keeps the first table of a component",
    "Huffman table with a code of ones, or with values that its class does not have": "libjpeg refuses the table; no pixel uses the code",
    "marker of a beginning (SOI) behind a scan": "passed over; the pixels are complete",
    "component that no scan has": "libjpeg makes it grey; the colors would be wrong",
    "sampling factors that do not divide each other": "libjpeg and the decoder enlarge planes differently",
    "Adobe transform that does not exist": "libjpeg takes it for YCCK; the decoder for a fourth component",
    "JPEG without its end": "all blocks are there; Pillow waits for the end marker",
    "JPEG of several pictures (MPO) that is damaged": "Pillow trips over the list of pictures, at which we do not look",
    "EXIF data that are damaged": "Pillow reads numbers of other types, or trips over them",
    "EXIF data behind the pixels of a PNG": "read by us; Pillow looks only at those before",
    "PNG whose compressed pixels go on behind their end, or have a wrong Adler-32": "the pixels are complete and the checksums of their chunks right",
    "PNG with another chunk, or none, between its pixels' chunks": "Pillow stops reading at the first chunk that is no IDAT, or is empty",
    "PNG that ends inside a chunk behind its pixels": "the pixels are complete",
    "ancillary chunk of a PNG with a wrong length or checksum": "passed over as libpng does; Pillow trips over it",
    "PNG with a chunk before its header, or two headers": "no PNG: libpng, and so browsers, refuse it",
    "PNG with a critical chunk that nobody knows": "may change what pixels mean: libpng refuses it",
    "PNG with a compression, interlacing, color type or depth that does not exist": "libpng refuses it; Pillow does not look",
    "PNG whose pixels need a palette and have none, two, or one of an impossible length": "colors that the file does not name: libpng refuses it, Pillow shows levels of grey",
    "PNG with too few pixels": "the stream says that it is complete; Pillow leaves the rest black",
    "PNG whose compressed pixels are damaged behind the last row": "the decoder inflates all of them; libpng refuses most of these too",
    "PNG whose chunks have wrong lengths": "what follows is no chunk, and the checksums are wrong; Pillow does not look",
    "JFIF or Adobe segment, or tables of arithmetic coding, that are damaged": "passed over: the pixels do not need them; libjpeg or Pillow trips over them",
    "scan of components that the frame does not have": "libjpeg stops at the scan; all blocks have come in others",
    "Huffman table that no scan uses is damaged": "libjpeg looks at tables when a scan uses them",
    "BMP with run-length codes": "Pillow 9.4 misreads run-length codes (odd literals, jumps)",
    "BMP with bit fields": "Pillow 9.4 reads only some bit fields",
    "BMP with more palette entries than can be named": "Pillow refuses; the others are not used",
    "BMP whose pixels are not all there": "Pillow leaves the rest black",
    "BMP header that contradicts itself": "one of the two reads what the other does not look at",
}

PIL, OURS = "only Pillow reads it", "only we read it"
# (format, what, our error, Pillow's error, libjpeg-turbo's words) -> kind; the first that fits. Regular expressions, searched.
RULES = [
    ("jpeg", ".", "leave out a component", "", "", "component that no scan has"),
    ("jpeg", PIL, "restart markers", "", "", "JPEG whose restart markers are missing"),
    ("jpeg", PIL, "merge|bad delta", "", "^$", "JPEG with values that no block can hold"),
    ("jpeg", PIL, "Huffman table is damaged", "", "^$", "Huffman table that no scan uses is damaged"),
    ("jpeg", OURS, "", "", "DAC", "JFIF or Adobe segment, or tables of arithmetic coding, that are damaged"),
    ("jpeg", OURS, "", "Unidentified", "^$", "JFIF or Adobe segment, or tables of arithmetic coding, that are damaged"),
    ("jpeg", OURS, "", "", "component ID", "scan of components that the frame does not have"),
    ("jpeg", PIL, "expected marker|unknown marker", "", "", "damaged scan of a JPEG"),
    ("jpeg", OURS, "", "", "marker length", "JPEG without its end"),
    ("jpeg", PIL, "bad huffman code|merge", "", "^$|subsampling|Invalid SOS", "damaged scan of a JPEG"),
    ("jpeg", ".", "", "", "Unknown Adobe", "Adobe transform that does not exist"),
    ("jpeg", OURS, "", "", "Bogus Huffman", "Huffman table with a code of ones, or with values that its class does not have"),
    ("jpeg", OURS, "", "", "two SOI", "marker of a beginning (SOI) behind a scan"),
    ("jpeg", OURS, "", "truncated|broken", "^$|Premature end of JPEG|Invalid SOS|Corrupt JPEG", "JPEG without its end"),
    ("jpeg", "orientations", "", "", "", "EXIF data that are damaged"),
    ("jpeg", ".", "", "", "[Pp]rogressi|one scan", "scans of a progressive JPEG that contradict each other"),
    ("jpeg", "pixels|Pillow", "", "", "Corrupt JPEG data|Premature|JFIF", "damaged scan of a JPEG"),
    ("jpeg", ".", "", "", "subsampling", "sampling factors that do not divide each other"),
    ("jpeg", "pixels", "", "", "^$|Invalid SOS", "progressive JPEG without all its scans, or whose tables change between them"),
    ("png", "orientations", "", "", "", "EXIF data that are damaged"),
    ("png", OURS, "", "broken data stream", "", "PNG whose compressed pixels go on behind their end, or have a wrong Adler-32"),
    ("png", OURS, "", "image file is truncated", "", "PNG with another chunk, or none, between its pixels' chunks"),
    ("png", OURS, "", "Truncated File Read|broken PNG", "", "PNG that ends inside a chunk behind its pixels"),
    ("png", OURS, "", "UnidentifiedImage|unpack|TypeError|struct|index|IndexError|ValueError|Exif", "", "ancillary chunk of a PNG with a wrong length or checksum"),
    ("png", PIL, "does not begin with its header|multiple IHDR|CgBI|IMAGE_TOO_LARGE", "", "", "PNG with a chunk before its header, or two headers"),
    ("png", PIL, "chunk not known", "", "", "PNG with a critical chunk that nobody knows"),
    ("png", PIL, "bad (comp|filter|interlace) method|color type or bit depth", "", "", "PNG with a compression, interlacing, color type or depth that does not exist"),
    ("png", PIL, "PLTE|two palettes", "", "", "PNG whose pixels need a palette and have none, two, or one of an impossible length"),
    ("png", PIL, "not enough pixels|too few for its size", "", "", "PNG with too few pixels"),
    ("png", PIL, "checksum|TRUNCATED|impossible length", "", "", "PNG whose chunks have wrong lengths"),
    ("png", PIL, "bad dist|huffman|zlib|unexpected end|codelengths|corrupt", "", "", "PNG whose compressed pixels are damaged behind the last row"),
    ("bmp", OURS, "", "bitfields", "", "BMP with bit fields"),
    ("bmp", OURS, "", "invalid palette", "", "BMP with more palette entries than can be named"),
    ("bmp", PIL, "TRUNCATED", "", "", "BMP whose pixels are not all there"),
]


def is_run_length(file):
    return file[:2] == b"BM" and file[30:34] in (b"\1\0\0\0", b"\2\0\0\0")


def kind_of(what, file, mine, theirs, complaint):
    """A key of KINDS, or a description where there is none."""
    form = "jpeg" if file[:2] == b"\xff\xd8" else "png" if file[:4] == b"\x89PNG" else "bmp"
    if is_run_length(file):
        return "BMP with run-length codes"
    ours, pillows = mine if isinstance(mine, str) else "", theirs if isinstance(theirs, str) else ""
    for rule_form, *patterns, kind in RULES:
        if form == rule_form and all(map(re.search, patterns, (what, ours, pillows, complaint))):
            return kind
    return " | ".join([form, ours, pillows, complaint])
