r"""What one sample of the scanner sees: h = PSF * rect(d) * rect(d) * rect(smear), and a point target in closed form.

Lengths are in units of the detector's side d unless they are called pixels; a pixel is one sample, d / M.
"""

from functools import lru_cache

import numpy as np

from irtrack_core.optional import Lazy

special = Lazy("scipy.special", "evaluation")


def psf_sigma(settings):
    """Sigma of the Gaussian PSF in d: 0.44 lambda F, close to the Airy pattern's core."""
    return 0.44 * settings.wavelength * settings.f_number / settings.detector


def blob_sigma(settings):
    r"""Sigma (x, y) in pixels of a point target's image: M sqrt(sigma^2 + d^2/12 + l^2/12) / d.

    A TDI mismatch adds delta^2 (N^2 - 1) / 12 along the scan (x).

    >>> from irtrack_core.config import ScanSettings
    >>> [round(float(s), 2) for s in blob_sigma(ScanSettings(smear=0))]  # Airy diameter near d: 0.34 M
    [0.68, 0.68]
    """
    cross = psf_sigma(settings) ** 2 + 1 / 12
    scan = cross + settings.smear**2 / 12 + settings.mismatch**2 * (settings.stages**2 - 1) / 12
    return settings.oversampling_scan * np.sqrt(scan), settings.oversampling_cross * np.sqrt(cross)


def footprint(u, sigma, smear=0.0, stages=1, mismatch=0.0):
    r"""Response to a point at distance u from the sample, along one axis; its integral over u is 1.

    g(u) = 1/2 [erf((u + 1/2) / (sqrt(2) sigma)) - erf((u - 1/2) / (sqrt(2) sigma))]: Gaussian PSF over a detector.
    smear > 0 averages g over the path of one integration (the integral of erf is known too); a TDI mismatch averages
    over the stages' positions. u: any shape; u, sigma, smear, mismatch in d. Raises ValueError when sigma <= 0.

    >>> footprint(np.array([-2.0, 0.0, 0.5]), sigma=0.1).round(3).tolist()
    [0.0, 1.0, 0.5]
    """
    if not sigma > 0:
        raise ValueError(f"sigma must be above 0 d; got {sigma}")
    u, erf = np.asarray(u, dtype=np.float64), special.erf
    if mismatch and stages > 1:
        shifts = (np.arange(stages) - (stages - 1) / 2) * mismatch
        return np.mean([footprint(u - shift, sigma, smear) for shift in shifts], axis=0)
    scale = np.sqrt(2) * sigma
    if smear <= 0:
        return 0.5 * (erf((u + 0.5) / scale) - erf((u - 0.5) / scale))

    def integral(v):  # of erf(v / scale)
        z = v / scale
        return scale * (z * erf(z) + np.exp(-z * z) / np.sqrt(np.pi))

    half = smear / 2
    upper = integral(u + 0.5 + half) - integral(u + 0.5 - half)
    lower = integral(u - 0.5 + half) - integral(u - 0.5 - half)
    return (upper - lower) / (2 * smear)


def point_profiles(settings, x, y):
    """Relative response (len(x),), (len(y),) of samples x and y pixels away from a point; 1 at distance 0.

    Exact for the Gaussian PSF, for which the blob is their outer product.
    """
    sigma, along = psf_sigma(settings), (settings.smear, settings.stages, settings.mismatch)
    scan = footprint(np.asarray(x) / settings.oversampling_scan, sigma, *along) / footprint(0.0, sigma, *along)
    cross = footprint(np.asarray(y) / settings.oversampling_cross, sigma) / footprint(0.0, sigma)
    return scan, cross


def tdi_mtf(frequency, stages, mismatch):
    r"""MTF of a wrong step of delta d a TDI stage: sin(pi N f delta) / (N sin(pi f delta)), f in cycles per d.

    Signed; its magnitude is the MTF. 1 everywhere when delta = 0.
    """
    return special.diric(2 * np.pi * mismatch * np.asarray(frequency, dtype=np.float64), stages)


def otf(settings, u, v):
    """Transfer function of h at u (along the scan) and v (across), cycles per d, broadcast; 1 at zero frequency."""
    if settings.psf == "airy":
        # diffraction limit 1 / (lambda F)
        rho = np.minimum(np.hypot(u, v) * settings.wavelength * settings.f_number / settings.detector, 1.0)
        optics = (np.arccos(rho) - rho * np.sqrt(1 - rho * rho)) * 2 / np.pi
    else:
        rate = -2 * (np.pi * psf_sigma(settings)) ** 2
        optics = np.exp(rate * u * u) * np.exp(rate * v * v)
    along = np.sinc(u) * np.sinc(u * settings.smear) * tdi_mtf(u, settings.stages, settings.mismatch)
    return optics * along * np.sinc(v)


@lru_cache(maxsize=64)
def otf_grid(settings, height, width, fine):
    """`otf` on the rfft2 grid of a (height, width) canvas with `fine` cells a pixel: (height, width // 2 + 1) float32."""
    u = np.fft.rfftfreq(width) * fine * settings.oversampling_scan
    v = np.fft.fftfreq(height) * fine * settings.oversampling_cross
    return otf(settings, u[None], v[:, None]).astype(np.float32)
