"""What to say of a file that is no video, found out by Python alone: before NumPy or a decoder is loaded."""

import re

VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".m4v", ".wmv", ".mpg", ".mpeg", ".webm", ".nut")
ARRAY = "save its frames as one array (N, H, W) in a .npy file"
MAKER = "export TIFF files of 16 bits, or an array (N, H, W) as .npy, with the camera's own software"
OF_OTHERS = dict.fromkeys((".npz", ".mat", ".h5", ".hdf5", ".fits", ".fit", ".raw", ".bin", ".dat"), ARRAY)
OF_OTHERS |= dict.fromkeys((".seq", ".csq", ".fff", ".ats", ".sfmov", ".ptw", ".irb", ".is2", ".is3"), MAKER)


def text_in_place(path):
    """What stands in the place of a video, as text: "" for other bytes. Found without any decoder being loaded."""
    with open(path, "rb") as file:
        head = file.read(512)
    if head.startswith(b"YUV4MPEG2") or re.search(rb"[^\t\n\r -~\x80-\xff]", head):  # the first: plain pictures
        return ""
    words = head.decode("utf-8-sig", errors="replace").strip()
    if words.startswith("version https://git-lfs"):
        return "a Git LFS pointer stands in its place; fetch the file itself: git lfs pull"
    if words.lower().startswith(("<!doctype html", "<html")):
        return "a web page stands in its place; download it again, from the address of the file itself"
    return words and f"it is text that begins {words.splitlines()[0][:40]!r}; copy it again"


def not_a_video(path):
    """The sentence on a file that cannot be opened."""
    if (suffix := path.suffix.lower()) in OF_OTHERS:
        return f"{path} is not read: {OF_OTHERS[suffix]}"
    if text := text_in_place(path):
        return f"{path} cannot be opened as a video ({path.stat().st_size} bytes): {text}"
    return (
        f"{path} cannot be opened as a video ({path.stat().st_size} bytes): it may be truncated, of an unknown codec or "
        "another kind of file; copy it again, or convert it with: ffmpeg -i IN -c:v libx264 OUT.mp4"
    )
