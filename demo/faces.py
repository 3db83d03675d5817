"""Draws one moment of a face: flat shapes on a head that is a turning ellipsoid.

Lengths are in half image sides: the image spans -1 to 1 in x (to the right) and in y (downwards).

Over 300 lines: one drawing, part by part.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from demo.expressions import Muscles

SIZE = 288
SUPERSAMPLING = 3
BACKGROUND = (214, 217, 222)
HEAD_Y = -0.02
HEAD_HALF_HEIGHT = 0.56
SKIN_TONES = np.array([[92, 54, 38], [196, 138, 98], [250, 218, 194]])  # at a lightness of 0.25, 0.55 and 0.85

HAIR_COLOURS = {"curls": (38, 26, 24), "beard": (186, 88, 38), "long": (28, 28, 40), "bald": (150, 146, 142)}
SHIRTS = {"curls": (232, 168, 56), "beard": (62, 110, 96), "long": (176, 62, 86), "bald": (70, 92, 150)}
IRISES = {"brown": (96, 52, 26), "green": (70, 130, 78), "black": (44, 32, 30), "blue": (72, 130, 190)}

Points = NDArray[np.float64]
Colour = tuple[int, int, int]


def darker(colour: Colour, factor: float) -> Colour:
    return tuple(int(max(0, min(255, c * factor))) for c in colour)  # type: ignore[return-value]


def mix(one: Colour, other: Colour, share: float) -> Colour:
    return tuple(int(a + (b - a) * share) for a, b in zip(one, other, strict=True))  # type: ignore[return-value]


def skin_of(lightness: float) -> Colour:
    red, green, blue = (int(np.interp(lightness, (0.25, 0.55, 0.85), tone)) for tone in SKIN_TONES.T)
    return red, green, blue


def draw_face(clip: dict[str, Any], muscles: Muscles, *, yaw: float, roll: float, nod: float) -> Image.Image:
    """An RGB image of `SIZE` pixels square: the clip's person doing `muscles`.

    `yaw` and `roll` are in radians (positive yaw turns to the viewer's right), `nod` in half image sides.
    """
    side = SIZE * SUPERSAMPLING
    image = Image.new("RGB", (side, side), BACKGROUND)
    face = _Face(ImageDraw.Draw(image), side, clip, yaw=yaw, roll=roll, nod=nod)
    face.hair_behind()
    face.shoulders()
    face.head()
    face.eyes(muscles)
    face.nose()
    face.beard()
    face.mouth(muscles)
    face.hair_in_front()
    face.brows(muscles)
    face.glasses()
    return image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


class _Face:
    def __init__(
        self, draw: ImageDraw.ImageDraw, side: int, clip: dict[str, Any], *, yaw: float, roll: float, nod: float
    ) -> None:
        self.draw, self.side = draw, side
        self.yaw, self.roll, self.nod = yaw, roll, nod
        self.style = str(clip["hair"])
        self.width = HEAD_HALF_HEIGHT * float(clip["face_width"])
        self.skin = skin_of(float(clip["skin_lightness"]))
        self.hair = HAIR_COLOURS[self.style]
        self.iris = IRISES[str(clip["eyes"])]

    # Coordinates -------------------------------------------------------------------------------------------------

    def _pixels(self, points: Points, *, moving: bool = True) -> list[tuple[float, float]]:
        points = np.asarray(points, dtype=np.float64)
        if moving:
            neck = np.array([0.0, 0.62])
            cos, sin = np.cos(self.roll), np.sin(self.roll)
            points = (points - neck) @ np.array([[cos, sin], [-sin, cos]]) + neck + [0.0, HEAD_Y + self.nod]
        return [tuple(p) for p in ((points + 1) * self.side / 2).tolist()]

    def _turned(self, points: Points, *, out: float = 1.0) -> Points:
        """Points on the front of the head after its turn; `out` above 1 lies before the surface, like a nose."""
        points = np.asarray(points, dtype=np.float64)
        angle = np.arcsin(np.clip(points[:, 0] / self.width, -1, 1)) + self.yaw
        return np.stack([self.width * out * np.sin(angle) + 0.03 * np.sin(self.yaw), points[:, 1]], axis=1)

    def _shape(self, points: Points, colour: Colour, *, moving: bool = True) -> None:
        self.draw.polygon(self._pixels(points, moving=moving), fill=colour)

    def _line(self, points: Points, colour: Colour, width: float) -> None:
        """A stroke with round ends, `width` in half image sides."""
        pixels, thickness = self._pixels(points), width * self.side / 2
        self.draw.line(pixels, fill=colour, width=round(thickness), joint="curve")
        for x, y in (pixels[0], pixels[-1]):
            r = thickness / 2
            self.draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def _half_width(self, y: Points, grow: float) -> Points:
        """Half the head's width at height y: an ellipse whose lower half narrows to the chin."""
        up = np.clip(y / (HEAD_HALF_HEIGHT * grow), -1, 1)
        return np.asarray(self.width * grow * np.sqrt(1 - up**2) * np.where(up > 0, 1 - 0.16 * up**2, 1.0))

    def _outline(self, grow: float = 1.0, *, start: float = 0.0) -> Points:
        """The head's outline, clockwise from the angle `start` (0: its right, pi/2: the chin)."""
        angle = start + np.linspace(0, 2 * np.pi, 160, endpoint=False)
        y = HEAD_HALF_HEIGHT * grow * np.sin(angle)
        x = np.where(np.cos(angle) >= 0, 1, -1) * self._half_width(y, grow)
        return np.stack([x + 0.05 * np.sin(self.yaw), y], axis=1)

    def _around(self, height: Callable[[Points], Points], grow: float) -> Points:
        """A line across the visible side of the head, from left to right: `height` gives y for each longitude."""
        seen = np.linspace(-np.pi / 2, np.pi / 2, 90)
        y = height(seen - self.yaw)
        return np.stack([self._half_width(y, grow) * np.sin(seen) + 0.05 * np.sin(self.yaw), y], axis=1)

    def _part_of_head(self, height: Callable[[Points], Points], grow: float, *, above: bool) -> Points:
        """The part of the (grown) head above or below the line of `height`."""
        edge = self._around(height, grow)
        outline = self._outline(grow, start=np.pi / 2 if above else -np.pi / 2)
        limit = np.where(outline[:, 0] > 0, edge[-1, 1], edge[0, 1])
        rest = outline[outline[:, 1] < limit][::-1] if above else outline[outline[:, 1] > limit]
        return np.vstack([edge, rest])

    # Parts, from back to front -----------------------------------------------------------------------------------

    def hair_behind(self) -> None:
        if self.style == "curls":
            for angle in np.linspace(np.pi * 0.86, np.pi * 2.14, 15):
                x = 1.06 * self.width * np.cos(angle) - 0.03 * np.sin(self.yaw)
                self._disc(x, 0.50 * np.sin(angle) - 0.10, 0.19, self.hair)
            self._disc(0, -0.22, 0.54, self.hair)
        if self.style == "long":
            angle = np.linspace(np.pi, 2 * np.pi, 60)
            lag = -0.07 * np.sin(self.yaw)
            top = np.stack([1.17 * self.width * np.cos(angle) + lag / 2, 0.64 * np.sin(angle) + 0.02], axis=1)
            ends = np.array([[1.28 * self.width + lag, 0.66], [0.8 * self.width + lag, 0.78]])
            self._shape(np.vstack([top, ends, ends[::-1] * [-1, 1] + [2 * lag, 0]]), self.hair)

    def shoulders(self) -> None:
        shirt, shade = SHIRTS[self.style], darker(self.skin, 0.80)
        x = np.linspace(-1, 1, 60)
        self._shape(
            np.vstack([np.stack([x * 0.86, 0.98 - 0.34 * np.sqrt(1 - x**2)], axis=1), [[0.9, 1.1], [-0.9, 1.1]]]),
            shirt,
            moving=False,
        )
        neck = 0.46 * self.width
        self._shape([[-neck, 0.3], [neck, 0.3], [neck * 1.15, 0.72], [-neck * 1.15, 0.72]], shade, moving=False)
        curve = np.stack([neck * 1.15 * x, 0.715 + 0.10 * np.sqrt(1 - x**2)], axis=1)
        self._shape(curve, shade, moving=False)

    def head(self) -> None:
        ear = darker(self.skin, 0.90)
        for edge in (-1, 1):
            x = edge * self.width * (0.97 + 0.05 * np.cos(self.yaw)) - 0.06 * np.sin(self.yaw)
            self._oval(x, 0.03, 0.075, 0.125, ear)
            self._oval(x, 0.03, 0.035, 0.075, darker(self.skin, 0.78))
        if self.style == "bald":
            self._side_hair()
        self._shape(self._outline(), self.skin)
        for x in (-0.6, 0.6):
            cheek = self._turned([[x * self.width, 0.17]])[0]
            self._oval(*cheek, 0.085 * np.cos(np.arcsin(x) + self.yaw), 0.06, mix(self.skin, (222, 96, 88), 0.20))

    def eyes(self, muscles: Muscles) -> None:
        for side in (-1, 1):
            middle = side * 0.42 * self.width
            open_up = 0.088 * (1 + 0.38 * muscles.lids) * (1 - muscles.blink) + 0.004
            open_down = 0.058 * (1 + 0.25 * max(muscles.lids, 0) - 0.62 * muscles.cheeks) * (1 - muscles.blink) + 0.004
            u = np.linspace(-1, 1, 40)
            arch = 1 - np.abs(u) ** 2.2
            # Sorrow lets the outer corner of the eye hang.
            slant = 0.022 * muscles.brow_sorrow * u * side
            upper = np.stack([middle + 0.118 * u, slant - open_up * arch], axis=1)
            lower = np.stack([middle + 0.118 * u, slant + open_down * arch], axis=1)
            upper, lower = self._turned(upper), self._turned(lower)
            self._shape(np.vstack([upper, lower[::-1]]), (250, 250, 248))
            # The eyes keep looking at the viewer while the head turns.
            centre = self._turned([[middle, 0.0]])[0] - [0.055 * np.sin(self.yaw), 0.006]
            for radius, colour in ((0.072, self.iris), (0.038, (16, 14, 18))):
                self._shape(self._between_lids(centre, radius, upper, lower), colour)
            self._shape(self._between_lids(np.add(centre, (0.026, -0.03)), 0.019, upper, lower), (255, 255, 255))
            self._line(upper, darker(self.skin, 0.38), 0.020)
            self._line(lower[6:-6], darker(self.skin, 0.72), 0.009)

    def nose(self) -> None:
        shade = darker(self.skin, 0.80)
        bridge = self._turned([[0, 0.02]], out=1.05)[0]
        tip = self._turned([[0, 0.19]], out=1.28)[0]
        u = np.linspace(-1, 1, 30)
        under = np.stack([tip[0] + 0.062 * u * np.cos(self.yaw), 0.185 + 0.028 * np.sqrt(1 - u**2)], axis=1)
        self._line(under, shade, 0.022)
        flank = 1.0 if self.yaw < 0 else -1.0
        strength = min(1.0, abs(self.yaw) / 0.3)
        flank_line = np.array([bridge, np.add(tip, (0.0, -0.03))]) + np.array([flank * 0.012, 0.0])
        self._line(flank_line, mix(self.skin, shade, strength), 0.016)

    def beard(self) -> None:
        if self.style != "beard":
            return

        def height(longitude: Points) -> Points:
            """Sideburns, down along the cheeks, and a moustache that dips under the nose."""
            away = np.abs(longitude)
            y = 0.235 + 0.085 * np.exp(-((away - 0.72) ** 2) / 0.09)
            y = np.where(away > 1.0, y - 0.34 * np.clip((away - 1.0) / 0.45, 0, 1) ** 1.5, y)
            return y + 0.035 * np.exp(-(longitude**2) / 0.02)

        self._shape(self._part_of_head(height, 1.025, above=False), self.hair)

    def mouth(self, muscles: Muscles) -> None:
        half = 0.165 * (1 + 0.42 * muscles.mouth_width)
        gap = 0.125 * muscles.mouth_open * (1.25 if muscles.mouth_width < 0 else 1.0)
        u = np.linspace(-1, 1, 60)
        corners = -0.085 * muscles.smile * (u**2 - 0.45)
        arch = np.sqrt(1 - u**2) if muscles.mouth_width < 0 else 1 - u**2
        middle = 0.345
        lift = 0.25 if muscles.smile > 0 else 0.75
        upper = np.stack([half * u, middle + corners - gap * lift * arch], axis=1)
        lower = np.stack([half * u, middle + corners + gap * arch], axis=1)
        lip = mix(darker(self.skin, 0.72), (176, 52, 60), 0.55)
        seen_upper, seen_lower = self._turned(upper, out=1.04), self._turned(lower, out=1.04)
        if gap > 0.004:
            self._shape(np.vstack([seen_upper, seen_lower[::-1]]), (92, 22, 30))
            if muscles.smile > 0.2:
                teeth = np.minimum(0.42 * (gap + gap * lift) * arch, 0.05)
                bite = np.stack([upper[:, 0], upper[:, 1] + teeth], axis=1)
                self._shape(np.vstack([seen_upper, self._turned(bite, out=1.04)[::-1]]), (252, 250, 246))
        self._line(seen_upper, lip, 0.030)
        self._line(seen_lower, lip, 0.036)

    def hair_in_front(self) -> None:
        if self.style == "bald":
            return

        def curls(longitude: Points) -> Points:
            return -0.33 + 0.20 * np.abs(np.sin(longitude)) ** 3 + 0.022 * np.cos(longitude * 13)

        def fringe(longitude: Points) -> Points:
            return -0.215 + 0.16 * np.clip(np.abs(longitude) - 0.9, 0, 1) ** 1.5 + 0.010 * np.cos(longitude * 19)

        def parting(longitude: Points) -> Points:
            return -0.37 + 0.25 * np.abs(np.sin(longitude)) ** 4 - 0.05 * np.sin(longitude * 1.6)

        hairline, grow = {"curls": (curls, 1.02), "long": (fringe, 1.05), "beard": (parting, 1.07)}[self.style]
        self._shape(self._part_of_head(hairline, grow, above=True), self.hair)
        if self.style == "long":
            # Two locks that hang before the ears.
            drop = np.linspace(0, 1, 40)
            for side in (-1, 1):
                y = -0.20 + 0.86 * drop
                inner = self.width * (0.96 - 0.07 * np.sin(np.pi * drop))
                outer = self.width * (1.0 + 0.18 * np.sin(np.pi * drop / 1.6))
                shift = 0.05 * np.sin(self.yaw) * (1 - drop)
                lock = np.stack([side * inner + shift, y], axis=1), np.stack([side * outer + shift, y], axis=1)
                self._shape(np.vstack([lock[0], lock[1][::-1]]), self.hair)

    def _side_hair(self) -> None:
        for side in (-1, 1):
            x = side * self.width * 0.99 - 0.03 * np.sin(self.yaw) + 0.05 * np.sin(self.yaw)
            self._oval(x, -0.13, 0.06, 0.13, self.hair)

    def brows(self, muscles: Muscles) -> None:
        colour = darker(self.hair, 0.78) if self.style != "bald" else (128, 116, 106)
        u = np.linspace(-1, 1, 24)
        for side in (-1, 1):
            x = side * 0.43 * self.width + 0.13 * u
            inner = -u * side
            y = -0.165 - 0.085 * muscles.brow_raise - 0.022 * (1 - u**2) - 0.055 * muscles.brow_sorrow * inner
            self._line(
                self._turned(np.stack([x, y], axis=1)), colour, 0.044 if self.style in ("beard", "bald") else 0.034
            )

    def glasses(self) -> None:
        if self.style != "bald":
            return
        frame, angle = (46, 46, 54), np.linspace(0, 2 * np.pi, 60)
        for side in (-1, 1):
            ring = [side * 0.42 * self.width + 0.15 * np.cos(angle), 0.15 * np.sin(angle)]
            self._line(self._turned(np.stack(ring, axis=1), out=1.03), frame, 0.022)
            temple = self._turned([[side * (0.42 * self.width + 0.15), -0.03]], out=1.03)[0]
            ear = [side * self.width * 0.99 - 0.02 * np.sin(self.yaw), -0.05]
            if side * self.yaw < 0.3:
                self._line(np.array([temple, ear]), frame, 0.018)
        bridge = np.stack([np.linspace(-0.08, 0.08, 12), np.full(12, -0.03)], axis=1)
        self._line(self._turned(bridge, out=1.06), frame, 0.022)

    def _disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        self._oval(x, y, radius, radius, colour)

    def _oval(self, x: float, y: float, half_width: float, half_height: float, colour: Colour) -> None:
        angle = np.linspace(0, 2 * np.pi, 60)
        self._shape(np.stack([x + half_width * np.cos(angle), y + half_height * np.sin(angle)], axis=1), colour)

    @staticmethod
    def _between_lids(centre: Points, radius: float, upper: Points, lower: Points) -> Points:
        """A disc, cut where the lids cover it."""
        angle = np.linspace(0, 2 * np.pi, 40)
        x = np.clip(centre[0] + radius * np.cos(angle), upper[0, 0], upper[-1, 0])
        y = centre[1] + radius * np.sin(angle)
        y = np.clip(y, np.interp(x, upper[:, 0], upper[:, 1]), np.interp(x, lower[:, 0], lower[:, 1]))
        return np.stack([x, y], axis=1)
