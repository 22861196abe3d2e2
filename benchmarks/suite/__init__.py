# SPDX-License-Identifier: Apache-2.0
"""What benchmarks/run is made of: tools (processes, captures), samples (medians and spreads), rows (what is measured)."""
