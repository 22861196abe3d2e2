# SPDX-License-Identifier: Apache-2.0
"""Computes in three steps, each saved as a session; "python3 -m undump restore step-2" goes back to one."""
import undump


def step(number: int, sums: list) -> None:
    sums.append(sum(n ** number for n in range(1000)))
    if undump.checkpoint(session=f"step-{number}").is_launch():
        print(f"back after step {number}, with {sums}")
    else:
        print(f"saved step {number}")


sums: list = []
for number in (1, 2, 3):
    step(number, sums)
print("done:", sums)
