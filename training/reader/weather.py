"""What light, lens, sensor and codec do to a picture of a plate.

`harsh`, 0 to 1, says how much: at 1 a good part of the pictures cannot be read by anyone, and a reader that learns from
nothing else learns the fine differences of well seen letters too little.
"""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]


def soil(rng: Generator, plate: U8) -> U8:
    """Return a plate with dirt on it: blots of a coarse noise, or a veil from below."""
    h, w = plate.shape[:2]
    coarse = rng.random((int(rng.integers(3, 9)), int(rng.integers(6, 24)))).astype(np.float32)
    veil = cv2.resize(coarse, (w, h), interpolation=cv2.INTER_CUBIC)
    level = float(rng.uniform(0.55, 0.9))
    veil = np.clip((veil - level) * float(rng.uniform(2, 8)), 0, 1) * float(rng.uniform(0.2, 0.75))
    tone = np.array(rng.choice(np.array([[70, 60, 50], [120, 110, 100], [200, 200, 200], [40, 40, 40]])), np.float32)
    return np.asarray(plate + (tone - plate) * veil[..., None], np.uint8)


def light(rng: Generator, image: F32) -> F32:
    """Return the picture under uneven light: a shadow's edge, a slope of brightness, a glare."""
    h, w = image.shape[:2]
    roll = rng.random()
    if roll < 0.22:
        mask = np.full((h, w), 1.0, np.float32)
        a, b = rng.uniform(-0.2, 1.2, 2) * w
        side = 0 if rng.random() < 0.5 else w
        cv2.fillPoly(mask, [np.array([[a, 0], [b, h], [side, h], [side, 0]], np.int32)], float(rng.uniform(0.3, 0.85)))
        if rng.random() < 0.6:
            mask = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.5, 0.08 * h + 0.6)))
        return np.asarray(image * mask[..., None])
    if roll < 0.36:  # the bumper's shade over the upper part
        edge = float(rng.uniform(0.1, 0.7)) * h
        ramp = np.clip((np.arange(h) - edge) / max(1.0, float(rng.uniform(0.01, 0.15)) * h) + 0.5, 0, 1)
        dark = float(rng.uniform(0.35, 0.85))
        return np.asarray(image * (dark + (1 - dark) * ramp)[:, None, None].astype(np.float32))
    if roll < 0.5:
        slope = np.linspace(float(rng.uniform(0.5, 1.1)), float(rng.uniform(0.7, 1.3)), w, dtype=np.float32)
        return np.asarray(image * slope[None, :, None])
    if roll < 0.57:
        ys, xs = np.mgrid[0:h, 0:w].astype(np.float32)
        cx, cy, r = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.2, 0.9) * h
        glare = np.exp(-((xs - cx) ** 2 / (2 * r * r) + (ys - cy) ** 2 / (1.2 * r * r))) * rng.uniform(60, 220)
        return np.asarray(image + glare[..., None], np.float32)
    return image


def tone(rng: Generator, image: F32, harsh: float = 1.0) -> F32:
    """Return the picture with another exposure, contrast, colour cast and gamma."""
    gain = float(np.exp(rng.normal(0, 0.28 * harsh)))
    cast = np.exp(rng.normal(0, harsh * (0.09 if rng.random() < 0.8 else 0.22), 3)).astype(np.float32)
    out = image * (gain * cast)
    if rng.random() < 0.3 * harsh:  # haze, or a lens with flare: less contrast
        out = out * float(rng.uniform(0.35, 0.9)) + float(rng.uniform(0, 110))
    if rng.random() < 0.25 * harsh:  # a hard tone curve
        out = (out - 128) * float(rng.uniform(1.1, 2.0)) + 128 + float(rng.normal(0, 20))
    return np.asarray(np.clip(out, 0, 255), np.float32)


def grey(rng: Generator, image: F32) -> F32:
    """Return the picture without colour, as infra-red and old cameras give it; some by night, the plate bright."""
    mixed = image @ rng.dirichlet(np.array([3.0, 6.0, 1.5])).astype(np.float32)
    if rng.random() < 0.35:
        mixed = np.clip((mixed - rng.uniform(40, 120)) * rng.uniform(1.2, 2.6), 0, 255)
    return np.asarray(np.repeat(mixed[..., None], 3, 2), np.float32)


def blur(rng: Generator, image: F32, letter: float, harsh: float = 1.0) -> F32:
    """Return the picture out of focus or moved; `letter`, the letters' height in pixels, sets how much is fair."""
    roll = rng.random()
    if roll < 0.45:
        sigma = float(rng.uniform(0.3, 0.3 + 0.055 * harsh * letter))
        return cv2.GaussianBlur(image, (0, 0), sigma)
    if roll < 0.45 + 0.23 * harsh:
        length = max(2, int(rng.uniform(0.05, 0.3) * letter))
        kernel = np.zeros((length, length), np.float32)
        angle = rng.uniform(0, np.pi) if rng.random() < 0.4 else rng.normal(0, 0.2)
        centre, reach = (length - 1) / 2, (length - 1) / 2
        dx, dy = np.cos(angle) * reach, np.sin(angle) * reach
        cv2.line(kernel, (round(centre - dx), round(centre - dy)), (round(centre + dx), round(centre + dy)), 1.0, 1)
        return cv2.filter2D(image, -1, kernel / max(kernel.sum(), 1e-6))
    return image


def sensor(rng: Generator, image: F32, harsh: float = 1.0) -> U8:
    """Return the picture as a sensor, its sharpening and a codec leave it."""
    if rng.random() < 0.7:
        sigma = float(rng.exponential(5.0 * harsh))
        noise = rng.standard_normal(image.shape[:2] + ((3,) if rng.random() < 0.5 else (1,)), dtype=np.float32) * sigma
        if rng.random() < 0.3:
            noise = cv2.GaussianBlur(noise, (0, 0), 0.8).reshape(noise.shape) * 1.8
        image = image + noise
    if rng.random() < 0.25 * harsh:
        soft = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.7, 2.0)))
        image = image + (image - soft) * float(rng.uniform(0.4, 2.2))
    out = np.clip(image, 0, 255).astype(np.uint8)
    if rng.random() < 0.6:
        quality = int(rng.uniform(95 - 80 * harsh, 95))
        _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, quality])
        out = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return out


def whole(rng: Generator, image: U8, letter: float, harsh: float = 1.0) -> U8:
    """Return a picture of a plate after everything that may befall it between the street and the file."""
    out = image.astype(np.float32)
    if rng.random() < harsh:
        out = light(rng, out)
    out = tone(rng, out, harsh)
    roll = rng.random()
    if roll < 0.12:
        out = grey(rng, out)
    elif roll < 0.15:
        out = 255.0 - out if rng.random() < 0.15 else out
    if rng.random() < 0.92:
        out = blur(rng, out, letter, harsh)
    return sensor(rng, out, harsh)
