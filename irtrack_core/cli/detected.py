"""`irtrack check PATH`: which format a file or folder is in, what it holds and what is wrong with it."""


def detected(path):
    """The name of the format that `path` is most probably in, after telling all that it may be in.

    Raises ValueError when it looks like none.
    """
    from irtrack_core.datasets.formats.recognise import certainty, detect

    found = detect(path)
    if not found:
        raise ValueError(
            f"{path} is in no format that is known: put frame,x,y,w,h for each frame into a .csv file beside the video, or"
            " into boxes.csv in the folder of images (docs/formats.md lists the formats)"
        )
    for k, (name, sure, why) in enumerate(found[:3]):
        print(f"{path}: {name}, {certainty(sure)}: {why}" if k == 0 else f"  or {name}, {certainty(sure)}: {why}")
    return found[0][0]
