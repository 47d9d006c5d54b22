"""What light, lens, sensor and encoder do to a picture: colour casts, night, infra-red, glare, blur, noise, JPEG."""

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]


def _tone(rng: Generator, image: F32) -> F32:
    """Change exposure, contrast, gamma and cast; image is 0..1."""
    gamma = float(np.exp(rng.normal(-0.12, 0.28)))
    image = np.clip(image, 0, 1) ** gamma
    gain = float(np.exp(rng.normal(0.06, 0.24)))
    cast = np.exp(rng.normal(0, 0.09 if rng.random() < 0.75 else 0.25, 3)).astype(np.float32)
    lift = float(rng.normal(0, 0.04))
    return np.asarray(image * gain * cast + lift, np.float32)


def _colourless(rng: Generator, image: F32) -> F32:
    """Return a grey picture, as an infra-red camera or an old photograph gives, or one of other saturation."""
    grey = image.mean(-1, keepdims=True)
    keep = 0.0 if rng.random() < 0.4 else float(rng.uniform(0.2, 1.7))
    return np.asarray(grey + (image - grey) * keep, np.float32)


def _glare(rng: Generator, image: F32) -> F32:
    """Add one to three soft lights."""
    h, w = image.shape[:2]
    y, x = np.mgrid[0:h:4, 0:w:4].astype(np.float32)
    glow = np.zeros_like(x)
    for _ in range(int(rng.integers(1, 4))):
        cx, cy, size = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(8, 0.16 * w)
        glow += float(rng.uniform(0.3, 1.2)) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * size**2))
    tint = rng.uniform(0.7, 1.0, 3).astype(np.float32)
    return np.asarray(image + cv2.resize(glow, (w, h))[..., None] * tint, np.float32)


def _shade(rng: Generator, image: F32) -> F32:
    """Cast one straight-edged shadow, or a gradient of light."""
    h, w = image.shape[:2]
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    turn = float(rng.uniform(0, 2 * np.pi))
    side = (x - rng.uniform(0.2, 0.8) * w) * np.cos(turn) + (y - rng.uniform(0.2, 0.8) * h) * np.sin(turn)
    soft = float(rng.uniform(1, 6)) if rng.random() < 0.6 else w * 0.4
    weight = 1 / (1 + np.exp(-np.clip(side / soft, -30, 30)))
    return np.asarray(image * (1 - float(rng.uniform(0.2, 0.65)) * weight[..., None]), np.float32)


def _blur(rng: Generator, image: F32, plate_height: float) -> F32:
    """Blur by defocus or motion, by no more than the smallest plate bears."""
    reach = max(0.3, plate_height * 0.06)
    if rng.random() < 0.5:
        sigma = float(rng.uniform(0.3, 0.3 + reach))
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.float32)
    length = int(np.clip(rng.uniform(2, 3 + reach * 3), 2, 25)) | 1
    kernel = np.zeros((length, length), np.float32)
    turn = rng.uniform(0, np.pi) if rng.random() < 0.4 else rng.normal(0, 0.2)
    centre = length // 2
    end = (round(centre + np.cos(turn) * centre), round(centre + np.sin(turn) * centre))
    cv2.line(kernel, (2 * centre - end[0], 2 * centre - end[1]), end, 1.0)
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.float32)


def _noise(rng: Generator, image: F32) -> F32:
    sigma = float(np.exp(rng.uniform(np.log(0.004), np.log(0.07))))
    h, w = image.shape[:2]
    coarse = rng.random() < 0.4
    grain = rng.standard_normal((h // 2, w // 2, 3) if coarse else (h, w, 3), np.float32) * sigma
    return image + (cv2.resize(grain, (w, h)) if coarse else grain)


def _encoded(rng: Generator, image: U8) -> U8:
    quality = int(np.clip(rng.normal(70, 22), 18, 97))
    code = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)


def _low_resolution(rng: Generator, image: F32, plate_height: float) -> F32:
    """Shrink and enlarge again, as a small or zoomed original looks; the smallest plate keeps 7 pixels of height."""
    least = max(0.35, 7 / max(plate_height, 1))
    if least >= 1:
        return image
    h, w = image.shape[:2]
    factor = float(rng.uniform(least, 1))
    small = cv2.resize(image, (max(8, int(w * factor)), max(8, int(h * factor))), interpolation=cv2.INTER_AREA)
    return np.asarray(
        cv2.resize(small, (w, h), interpolation=int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))), np.float32
    )


def degraded(rng: Generator, picture: U8, plate_height: float) -> U8:
    """Return the picture as another camera might have taken it; `plate_height` is its smallest plate's, in pixels."""
    image = picture.astype(np.float32) / 255
    if rng.random() < 0.85:
        image = _tone(rng, image)
    if rng.random() < 0.3:
        image = _colourless(rng, image)
    if rng.random() < 0.2:
        image = _shade(rng, image)
    if rng.random() < 0.12:
        image = _glare(rng, image)
    if rng.random() < 0.3:
        image = _low_resolution(rng, image, plate_height)
    if rng.random() < 0.35:
        image = _blur(rng, image, plate_height)
    if rng.random() < 0.5:
        image = _noise(rng, image)
    result = np.asarray(np.clip(image, 0, 1) * 255, np.uint8)
    if rng.random() < 0.04:
        result = 255 - result
    return _encoded(rng, result) if rng.random() < 0.6 else result
