"""Runs a script as `python SCRIPT ARGUMENT...` does, where it can in a fork of a process that has
imported PyTorch, diffusers and transformers: that takes seconds, and the tests run many scripts.

    python run.py SCRIPT ARGUMENT...    in a fork, if AUDIOLDM_TEST_FORKS names a socket
    python run.py --serve SOCKET        forks for the others until its standard input ends

A fork has streams, folder, arguments and environment of the caller. What libraries read from the
environment when they are imported, the number of OpenMP's threads for one, is the server's.
"""

import gc
import json
import os
import runpy
import select
import socket
import sys
from multiprocessing import active_children, get_context
from pathlib import Path

SOCKET = 'AUDIOLDM_TEST_FORKS'
fork = get_context('fork').Process


def run(script: str, arguments: list[str]) -> None:
    sys.argv = [script, *arguments]
    sys.path[0] = str(Path(script).resolve().parent)
    runpy.run_path(script, run_name='__main__')


def run_elsewhere(path: str, script: str, arguments: list[str]) -> int:
    """The exit status of the fork."""
    request = {'command': [script, *arguments], 'cwd': str(Path.cwd()), 'env': dict(os.environ)}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        socket.send_fds(connection, [b'.'], [0, 1, 2])
        connection.sendall(json.dumps(request).encode() + b'\n')
        status = connection.recv(1)
    if not status:
        sys.exit(f'{script}: the process that forks has ended')
    return status[0]


def serve(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print('listening', flush=True)
        import_libraries()
        # Collecting garbage would touch, and so copy, all that was imported.
        gc.freeze()
        while 0 not in (ready := select.select([0, listener], [], [])[0]):
            assert listener in ready
            connection, _ = listener.accept()
            fork(target=answer, args=(connection,)).start()
            connection.close()
            active_children()  # Those that have ended are let go.


def import_libraries() -> None:
    """What scripts import; diffusers and transformers import a class when it is named."""
    import diffusers.pipelines.deprecated.audioldm  # noqa: F401, PLC0415
    from diffusers import (  # noqa: F401, PLC0415
        AutoencoderKL,
        DDIMScheduler,
        DDPMScheduler,
        DPMSolverMultistepScheduler,
        EulerAncestralDiscreteScheduler,
        EulerDiscreteScheduler,
        UNet2DConditionModel,
    )
    from transformers import (  # noqa: F401, PLC0415
        ClapAudioModelWithProjection,
        ClapFeatureExtractor,
        ClapTextModelWithProjection,
        RobertaTokenizerFast,
        SpeechT5HifiGan,
    )


def answer(connection: socket.socket) -> None:
    """Runs what is asked for, and tells its exit status."""
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    request = json.loads(connection.makefile().readline())
    child = fork(target=run_as_asked, args=(request, streams))
    child.start()
    child.join()
    status = child.exitcode
    connection.sendall(bytes([status if status >= 0 else 128 - status]))


def run_as_asked(request: dict, streams: list[int]) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0)
    os.chdir(request['cwd'])
    os.environ.clear()
    os.environ.update(request['env'])
    sys.path[1:1] = filter(None, os.environ.get('PYTHONPATH', '').split(os.pathsep))
    script, *arguments = request['command']
    run(script, arguments)


def main() -> None:
    first, *rest = sys.argv[1:]
    if first == '--serve':
        serve(*rest)
    elif SOCKET in os.environ:
        sys.exit(run_elsewhere(os.environ[SOCKET], first, rest))
    else:
        run(first, rest)


main()
