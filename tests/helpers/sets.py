"""Small folders in the formats of the field, made as their sources say, and not with the project's own writers."""

import json

import cv2
import media
import numpy as np

COUNT = 6
# x, y, w, h from 0 of a target that moves to the right in 64 x 48 frames
BOXES = np.array([[10.0 + 3 * i, 12, 5, 4] for i in range(COUNT)])


def images(folder, count=COUNT, suffix=".jpg", first=1, digits=8):
    """A folder of images numbered from `first`; after 48 of them they repeat."""
    frames = media.clip(min(count, 48))[np.arange(count) % 48]
    return media.write_images(folder, frames, suffix, name=lambda i: f"{i + first:0{digits}d}")


def lines(rows, mark=","):
    """Rows of numbers as text, without needless zeros."""
    return "".join(mark.join(f"{value:g}" for value in row) + "\n" for row in rows)


def write(path, text):
    """A text file in a folder that is made for it; the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# --- one small set of each format: function of a folder -> {sequence: boxes} ------------------------------------------


def absent(boxes, *frames):
    boxes = boxes.copy()
    boxes[list(frames)] = np.nan
    return boxes


def make_otb(root):
    images(root / "Jogging/img", digits=4)
    write(root / "Jogging/groundtruth_rect.1.txt", lines(BOXES + [1, 1, 0, 0]))
    write(root / "Jogging/groundtruth_rect.2.txt", lines(BOXES + [4, 1, 0, 0], "\t"))
    return {"Jogging-1": BOXES, "Jogging-2": BOXES + [3, 0, 0, 0]}


def make_lsotb(root):
    images(root / "TIR/cat_H_001/img", digits=5)
    write(root / "anno/cat_H_001.txt", lines(BOXES + [1, 1, 0, 0]))
    return {"cat_H_001": BOXES}


def make_got10k(root):
    images(root / "GOT-10k_Val_000001")
    write(root / "GOT-10k_Val_000001/groundtruth.txt", lines(BOXES))
    write(root / "GOT-10k_Val_000001/absence.label", "0\n0\n1\n0\n0\n0\n")
    return {"GOT-10k_Val_000001": absent(BOXES, 2)}


def make_lasot(root):
    images(root / "drone/drone-1/img")
    rows = lines(BOXES).splitlines()
    rows[3], rows[5] = "1,1,-1,-1", "0,0,0,0"
    write(root / "drone/drone-1/groundtruth.txt", "\n".join(rows))
    write(root / "drone/drone-1/full_occlusion.txt", "0,1,0,0,0,0")
    write(root / "drone/drone-1/out_of_view.txt", "0,0,0,1,0,0")
    return {"drone-1": absent(BOXES, 1, 3, 5)}


def make_trackingnet(root):
    media.write_images(root / "TRAIN_0/frames/abc_0", media.clip(12), ".jpg")  # 0.jpg ... 11.jpg
    rows = np.array([[10.0 + 3 * i, 12.5, 5, 4] for i in range(12)])
    write(root / "TRAIN_0/anno/abc_0.txt", lines(rows))
    return {"abc_0": rows}


def make_uav123(root):
    images(root / "data_seq/UAV123/bike1", digits=6)
    images(root / "data_seq/UAV123/car16", 420, digits=6)
    write(root / "anno/UAV123/bike1.txt", lines(BOXES + [1, 1, 0, 0]).replace("20,13,5,4", "NaN,NaN,NaN,NaN"))
    write(root / "anno/UAV123/car16_2.txt", lines(BOXES[:4] + [1, 1, 0, 0]))
    return {"bike1": absent(BOXES, 3), "car16_2": BOXES[:4]}


def make_vot(root):
    images(root / "boat/color")
    write(root / "boat/sequence", "channels.color=color/%08d.jpg\nfps=30\n")
    polygon = "19,12,24,12,24,16,19,16"
    rotated = "24.5,12,27,14,24.5,16,22,14"
    mask = "m25,12,5,4,0,20"
    write(root / "boat/groundtruth.txt", f"10,12,5,4\n0\n16,12,5,4\n{polygon}\n{rotated}\n{mask}\n")
    return {"boat": absent(BOXES, 1)}


def make_gtot(root):
    for name, mark in (("i", "i"), ("v", "v")):
        images(root / f"Jogging/{name}", suffix=".png", digits=5)
        corners = np.column_stack([BOXES[:, :2] + BOXES[:, 2:], BOXES[:, :2]])  # in any order
        write(root / f"Jogging/groundTruth_{mark}.txt", lines(corners, " "))
    return {"Jogging": BOXES}


def make_lasher(root):
    for name, shift in (("infrared", 0), ("visible", 1)):
        images(root / f"car/{name}", digits=6)
        write(root / f"car/{name}.txt", lines(BOXES + [shift, 0, 0, 0]))
    return {"car": BOXES}


def make_vtuav(root):
    images(root / "bus_001/ir", 21, digits=6)
    write(root / "bus_001/ir.txt", lines(BOXES[:3], " "))
    boxes = np.full((21, 4), np.nan)
    boxes[::10] = BOXES[:3]
    return {"bus_001": boxes}


def make_antiuav(root):
    media.write_video(write(root / "20190925/IR.mp4", ""), media.clip(COUNT))
    rects = [[int(value) for value in box] for box in BOXES]
    rects[1], rects[2], rects[4] = [], [0, 0, 0, 0], [0, 0, 0, 0]
    label = {"exist": [1, 0, 0, 0, 1, 1], "gt_rect": rects}
    write(root / "20190925/IR_label.json", json.dumps(label))
    return {"20190925": absent(BOXES, 1, 2, 3, 4)}


def moving(who=1):
    """BOXES of a second target below the first."""
    return BOXES + [0, 20 * (who - 1), 0, 0]


def make_mot(root):
    images(root / "MOT-01/img1", digits=6)
    rows = [
        f"{i + 1},{who},{x + 1:g},{y + 1:g},{w:g},{h:g},{int(not (who == 2 and i == 3))},1,1"
        for who in (1, 2)
        for i, (x, y, w, h) in enumerate(moving(who))
        if not (who == 1 and i == 2)
    ]
    write(root / "MOT-01/gt/gt.txt", "\n".join(rows))
    write(root / "MOT-01/seqinfo.ini", "[Sequence]\nname=MOT-01\nimDir=img1\nframeRate=14\nseqLength=6\nimExt=.jpg\n")
    return {"MOT-01-1": absent(BOXES, 2), "MOT-01-2": absent(moving(2), 3)}


def make_coco(root):
    images(root / "images", digits=4)
    pictures = [{"id": 10 + i, "file_name": f"{i + 1:04d}.jpg", "width": 64, "height": 48} for i in range(COUNT)]
    boxes = [
        {"id": 7 * who + i, "image_id": 10 + i, "category_id": 1, "bbox": box.tolist(), "attributes": {"track_id": who}}
        for who in (1, 2)
        for i, box in enumerate(moving(who))
        if i != 4
    ]
    content = {"images": pictures[::-1], "annotations": boxes, "categories": [{"id": 1, "name": "drone"}]}
    write(root / "clip.json", json.dumps(content))
    return {"clip-1": absent(BOXES, 4), "clip-2": absent(moving(2), 4)}


def make_yolo(root):
    images(root / "flight/images", suffix=".png", digits=4)
    for i, (x, y, w, h) in enumerate(BOXES):
        row = f"0 {(x + w / 2) / 64} {(y + h / 2) / 48} {w / 64} {h / 48}\n"
        if i != 2:
            write(root / f"flight/labels/{i + 1:04d}.txt", row if i != 4 else "")
    return {"flight": absent(BOXES, 2, 4)}


def make_cvat(root):
    media.write_video(write(root / "task/clip.avi", ""), media.clip(COUNT))
    box = (
        '<box frame="{}" keyframe="1" outside="{}" occluded="0" xtl="{}" ytl="{}" xbr="{}" ybr="{}" z_order="0"></box>'
    )
    tracks = ""
    for who in (1, 2):
        x, y, w, h = moving(who)[0]
        keys = [(0, 0, 0), (3, 0, 9), (4, 1, 9), (5, 0, 15)]
        rows = "".join(box.format(f, out, x + dx, y, x + dx + w, y + h) for f, out, dx in keys)
        tracks += f'<track id="{who}" label="drone">{rows}</track>'
    meta = (
        "<meta><task><name>t</name><size>6</size><mode>interpolation</mode><start_frame>0</start_frame></task></meta>"
    )
    text = f'<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>{meta}\n{tracks}</annotations>'
    write(root / "task/annotations.xml", text)
    return {"task-1": absent(BOXES, 4), "task-2": absent(moving(2), 4)}


def make_labelstudio(root):
    media.write_video(write(root / "clip.avi", ""), media.clip(COUNT))
    regions = []
    for who in (1, 2):
        x, y, w, h = moving(who)[0]
        keys = [(1, True, 0), (4, False, 9), (6, True, 15)]
        sequence = [
            {"frame": f, "enabled": on, "rotation": 0, "time": f / 25}
            | {"x": (x + dx) / 0.64, "y": y / 0.48, "width": w / 0.64, "height": h / 0.48}
            for f, on, dx in keys
        ]
        value = {"framesCount": COUNT, "duration": 0.24, "sequence": sequence, "labels": ["drone"]}
        regions.append(
            {"value": value, "id": f"r{who}", "type": "videorectangle", "from_name": "box", "to_name": "video"}
        )
    write(
        root / "clip.json",
        json.dumps([{"id": 1, "data": {"video": "/data/clip.avi"}, "annotations": [{"result": regions}]}]),
    )
    return {"clip-r1": absent(BOXES, 4), "clip-r2": absent(moving(2), 4)}


def make_darklabel(root):
    media.write_video(write(root / "clip.avi", ""), media.clip(COUNT))
    rows = [
        f"{i},drone,{who},{x:g},{y:g},{w:g},{h:g}"
        for who in (1, 2)
        for i, (x, y, w, h) in enumerate(moving(who))
        if i != 1
    ]
    write(root / "clip.txt", "\n".join(rows))
    return {"clip-1": absent(BOXES, 1), "clip-2": absent(moving(2), 1)}


def make_voc(root):
    images(root / "clip/JPEGImages", digits=6)
    for i in range(COUNT):
        things = "".join(
            f"<object><trackid>{who}</trackid><name>drone</name><bndbox><xmin>{x:g}</xmin><ymin>{y:g}</ymin>"
            f"<xmax>{x + w:g}</xmax><ymax>{y + h:g}</ymax></bndbox></object>"
            for who, (x, y, w, h) in ((1, BOXES[i]), (2, moving(2)[i]))
            if not (who == 2 and i == 3)
        )
        write(root / f"clip/Annotations/{i + 1:06d}.xml", f"<annotation><size/>\n{things}\n</annotation>\n")
    return {"clip-1": BOXES, "clip-2": absent(moving(2), 3)}


def make_masks(root):
    images(root / "images/4", suffix=".bmp", digits=1)
    (root / "masks/4").mkdir(parents=True)
    for i, (x, y, w, h) in enumerate(BOXES.astype(int)):
        mask = np.zeros(media.SHAPE, np.uint8)
        mask[y : y + h, x : x + w] = 255 * (i != 3)
        cv2.imwrite(str(root / f"masks/4/{i + 1}.bmp"), mask)
    return {"4": absent(BOXES, 3)}


MADE = {
    "otb": make_otb,
    "lsotb-tir": make_lsotb,
    "got10k": make_got10k,
    "lasot": make_lasot,
    "trackingnet": make_trackingnet,
    "uav123": make_uav123,
    "vot": make_vot,
    "gtot": make_gtot,
    "lasher": make_lasher,
    "vtuav": make_vtuav,
    "anti-uav": make_antiuav,
    "mot": make_mot,
    "coco": make_coco,
    "yolo": make_yolo,
    "cvat": make_cvat,
    "label-studio": make_labelstudio,
    "darklabel": make_darklabel,
    "voc": make_voc,
    "irdst": make_masks,
}
