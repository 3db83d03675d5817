"""Pictures of a clip at times spread evenly over it, as a network takes them. Runs in the child process."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.video.frame_filters import PictureChain, rendered_size
from app.video.inspection import THREADS, decoded, inspect
from app.video.kinds import kind_of
from app.video.pictures import read_picture
from app.video.records import PICTURES, Limits, Sample, Sampling, VideoError
from app.video.rendering import Timeline
from app.video.source import open_source, refusing
from app.video.transparency import alpha_track

# Of times that were added up, in seconds; no container counts finer.
ROUNDING = 1e-5


def sample(source: Path, folder: Path, sampling: Sampling, limits: Limits, report: Callable[[float], None]) -> Sample:
    """Write the pictures that a file shows at `sampling.count` times into `folder`, each of them once.

    The times are the middles of as many equal parts of the clip. Pictures are decoded, turned and scaled as they are
    for participants, and then brought to the size that is wanted, from red, green and blue of 8 bits.

    Raises
    ------
    VideoError
        When the file shows no pictures, or cannot be used; the message says why.
    """
    kind = kind_of(source, limits)
    if kind == "sound":
        raise VideoError("it is a sound, and a network is given pictures")
    if kind == "picture":
        image, _, _ = read_picture(source, limits, sampling.background)
        image.thumbnail((sampling.side, sampling.side), Image.Resampling.LANCZOS)
        np.save(folder / PICTURES, np.array([fitted(image, sampling)]))
        return Sample(times=[0.0] * sampling.count, places=[0] * sampling.count)
    inspected = inspect(source, limits)
    length, starts = inspected.probe.duration, inspected.times
    times = [(k + 0.5) * length / sampling.count for k in range(sampling.count)]
    # A time at which the next picture begins, but for rounding, is that picture's.
    numbers = [max(bisect_right(starts, time + ROUNDING) - 1, 0) for time in times]
    wanted = sorted(set(numbers))
    shown = (inspected.probe.width, inspected.probe.height)
    by_number: dict[int, NDArray[np.uint8]] = {}
    with open_source(source, limits) as container:
        stream = container.streams[inspected.video]
        stream.codec_context.thread_type = "AUTO"
        stream.codec_context.thread_count = THREADS
        size = rendered_size(shown, sampling.side)
        chain = PictureChain(stream, size, background=sampling.background, rgb=True)
        timeline = Timeline(inspected, math.inf)
        by_time: dict[int, int] = {}
        frames = decoded(container, stream, inspected.video_clock, alpha=alpha_track(stream))
        while len(by_number) < len(wanted):
            frame = next(frames, None)
            if frame is not None:
                timeline.place(frame)
                by_time[frame.pts] = timeline.seen - 1
            with refusing("the video is damaged: its pictures cannot be brought into one shape"):
                pictures = chain.through(frame)
            for picture in pictures:
                if (number := by_time.pop(picture.pts)) in wanted:
                    by_number[number] = fitted(picture.to_image(), sampling)
            if frame is None:
                break
            report(min(1.0, timeline.seen / inspected.probe.frames))
    if len(by_number) < len(wanted):
        raise VideoError("the video gives fewer pictures when it is decoded again: it cannot be relied on")
    np.save(folder / PICTURES, np.array([by_number[number] for number in wanted]))
    return Sample(times=[starts[number] for number in numbers], places=[wanted.index(number) for number in numbers])


def fitted(image: Image.Image, sampling: Sampling) -> NDArray[np.uint8]:
    """The picture in the size that is wanted, (rows, columns, 3): squeezed, or the middle cut out of a scaled one.

    Scaling is Pillow's bilinear, which is that of the networks' own training programs.
    """
    height, width = sampling.height, sampling.width
    if sampling.shorter_side is None:
        return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    # Of a size that is not square, the side that is nearer to the picture's decides.
    margin = sampling.shorter_side / min(height, width)
    scale = max(margin * width / image.width, margin * height / image.height)
    scaled = image.resize(
        (int(image.width * scale + 1e-9), int(image.height * scale + 1e-9)), Image.Resampling.BILINEAR
    )
    left, top = round((scaled.width - width) / 2), round((scaled.height - height) / 2)
    return np.asarray(scaled.crop((left, top, left + width, top + height)))
