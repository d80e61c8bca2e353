"""What was assumed to rebuild the compared methods: data, so that notebooks print it beside every result."""

CAPTION = "reconstruction, not the authors' code or numbers"
# The paper knows no prediction of motion, no notice of a miss or a jump, no search elsewhere, and neither a vote of
# proposals nor alignment nor a dead zone for the size, so it and the four are compared without: the window stays where the
# target was last.
BARE = dict(
    kalman=False,
    velocity_rate=0.0,
    lost_below=0.0,
    candidates=0,
    vote_radius=0.0,
    size_dead_zone=0.0,
    alignment_rounds=0,
    camera_tile=0,
)
# with region selection sizes come from single frames, and are taken over slowly
BARE_REGION = BARE | dict(size_rate=0.03)

TITLES = {
    "ref3": "[3] Yu et al. 2021, thin-plate splines for the motion of several unmanned aircraft",
    "ref4": "[4] Wang et al. 2021, fast tracking of small moving targets in clutter",
    "ref8": "[8] He, Deng, Wang et al. 2021, a review of infrared machine vision",
    "ref9": "[9] Ajith, Martinez-Ramon 2021, fusion of images and measurements for solar forecasting",
    "ref10": "[10] Shen, Shi, Wang 2021, visibility from pairs of visible and infrared images",
    "ref11": "[11] Li, Yang et al. 2021, global-aware Siamese network for infrared tracking",
    "ref12": "[12] Kim, Ko 2020, weighted kernel filter for anti-air thermal infrared",
    "ref14": "[14] Xu, Wang et al. 2020, SiamFC++",
    "ref15": "[15] Qi, Zhang et al. 2020, Siamese network with several attention maps",
    "ref16": "[16] Fan, Lin et al. 2022, feature-fusion Siamese network",
}
COMMON = (
    "The paper does not say what it ran in the name of its references; weights and code of none were at hand.",
    "One frame for all: unpadded AlexNet stages, crops of 127 and 255, folds, seeds, steps and augmentation of `paper`.",
    "No anchors and no box regression: three scales x 1.0375, scale penalty 0.9745, window influence 0.176, response x 16.",
    "Trained by eq. (11) on the score map; positives lie within a quarter of the target's size of its centre.",
    "The window follows the last position: no prediction, no re-detection. `paper` is compared in the same bare frame.",
)
ASSUMPTIONS = {
    "ref3": (
        "Title alone; neither text nor abstract was at hand. Not a tracker here but a response, `TPS` of notebook 08.",
        "Corners matched there and back by optical flow, those 2 px off a plane left out; a smoothing spline of the rest.",
        "The frames 4, 8, 12, 16 and 20 back are laid onto the present one; the response is what is above their median.",
    ),
    "ref4": (
        "Title alone; neither text nor abstract was at hand.",
        "Detection: the five largest values of U, eq. (3), in a gate of 1.5 sides of the target, 16 px at least, that grows "
        "when nothing is found; a point stands 3 deviations above the gate's mean.",
        "Trajectories: the nearest point within half a gate of the prediction; three hits in five frames confirm.",
        "Gate and level were chosen on the training sequences of the first fold; the size stays that of the first box.",
    ),
    "ref8": (
        "A review proposes no algorithm; plain SiamFC stands in as the deep tracker of its time.",
        "One group of channels, batch normalisation also after conv5, a learned gain and offset of the response.",
    ),
    "ref9": (
        "The original forecasts solar irradiance; its spatial stream, temporal stream and fully connected fusion are kept.",
        "Spatial stream: the Siamese stages at half their channels.",
        "Temporal stream: an LSTM of 64 over the last 8 states (dx, dy, ln w, ln h, peak) in place of past measurements.",
        "Fusion: two layers give a gate for every template channel, and place, width and height of a Gaussian motion prior.",
        "Training histories are the true track with the errors of a tracker: offset 3 %, jitter 1 % of the window's side.",
    ),
    "ref10": (
        "The original classifies visibility; its three streams and their bottom-up fusion are kept.",
        "The gradient magnitude of the crop stands for the visible image unless there is a true pair, as in KAIST.",
        "Every stream has half the channels of the backbone; the shortcuts of the residual streams are 1x1 convolutions.",
        "A 1x1 convolution of all three streams replaces the fully connected classifier, and is correlated.",
    ),
    "ref11": (
        "Read from its abstract, and from HSSNet, whose parts it names: the full text was not at hand.",
        "The last three layers fused as in eqs. (5)-(7); spatial transformer and channel attention on the template alone.",
        "The localiser's convolutions are padded by 2, or the 6 x 6 map would be used up; reduction of the attention 16.",
        "Self-attention with gamma = 0 at the start on both branches; two responses, mixed by learned weights from 1/2.",
    ),
    "ref12": (
        "Abstract alone: a network learned end to end, with kernel filters that are updated in every frame; neither its "
        "layers nor its weights were at hand, so that a kernelised correlation filter without a network stands in.",
        "Kernel ridge regression in closed form with a Gaussian kernel, on 64 x 64 cells of a window three times the target.",
        "The weight of a cell comes from a ridge regression of in the box or out of it, learned from the first frame alone.",
        "Three scales as all others, model taken over at 0.02 a frame, no network, no training.",
    ),
    "ref14": (
        "Read from the paper (arXiv 1911.06188), its code not used: class, quality and distances of a position, no anchors.",
        "The backbone, crops and 17 x 17 positions of all others; conv5 alone; two depthwise correlations.",
        "Three convolutions after each, as there; distances e^(a y + b) in sides of 64 crop pixels.",
        "Focal loss (0.25, 2), cross-entropy of the quality (the prior spatial score), and -ln IoU times 1.2, the weight of "
        "the paper's regression loss here; trained by eq. (12) as all others.",
        "Positive are the positions in the true box and the nearest one: a small target may lie between them.",
        "Tracked as `paper`, whose proposals also carry a size: one crop a frame, penalty and cosine window of that frame.",
    ),
    "ref15": (
        "Title alone; neither text nor abstract was at hand: channel and spatial attention are the two maps taken.",
        "On SiamFC, the last feature map of both crops; gates from 0 to 2 that start at 1.",
        "Channels first, then places; reduction 16; the 3x3 convolution of the places is padded.",
        "The map of places is taken less its mean: otherwise the first steps close all gates, which then learn nothing.",
    ),
    "ref16": (
        "Title alone; neither text nor abstract was at hand.",
        "On SiamFC: the last three layers, pooled as eq. (5), each to 256 channels, added with weights that sum to 1.",
        "So it differs from the paper's fusion, eqs. (5)-(7), in that alone: a weight a layer in place of concat and a "
        "convolution of all.",
    ),
}
