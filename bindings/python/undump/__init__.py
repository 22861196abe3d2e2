# SPDX-License-Identifier: Apache-2.0
"""Programs that ask for their own checkpoint.

    import undump

    if undump.checkpoint(path="warm.ckpt").is_launch():
        ...         # a launch of the image that `undump --out tool warm.ckpt` made, with its sys.argv and os.environ
    else:
        ...         # the process that goes on

Nothing is loaded before the first call. docs/python.md tells the rest; undump.h is the contract below.
"""
from ._checkpoint import (HookError, Hooks, Launch, Outcome, after_launch, after_resume, before, checkpoint, hooks,
                          is_launch, is_resume, launch)
from ._library import UndumpError
from ._sessions import Session, remove, restore, session_image, sessions

__all__ = ["HookError", "Hooks", "Launch", "Outcome", "Session", "UndumpError", "after_launch", "after_resume", "before",
           "checkpoint", "hooks", "is_launch", "is_resume", "launch", "remove", "restore", "session_image", "sessions"]
