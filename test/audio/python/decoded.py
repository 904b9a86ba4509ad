"""What libsndfile reads in sound files, another decoder than that of the library.

stdin: a list of paths; stdout: of each {channels, rate, frames, subtype, md5}, md5 that of its
samples as 32-bit integers, interleaved and little-endian.
"""

import hashlib
import json
import sys

import soundfile

found = []
for path in json.load(sys.stdin):
    info = soundfile.info(path)
    samples, rate = soundfile.read(path, dtype='int32', always_2d=True)
    frames, channels = samples.shape
    md5 = hashlib.md5(samples.astype('<i4').tobytes()).hexdigest()
    found.append(
        {
            'channels': channels,
            'rate': rate,
            'frames': frames,
            'subtype': info.subtype,
            'md5': md5,
        }
    )
print(json.dumps(found))
