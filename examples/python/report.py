# SPDX-License-Identifier: Apache-2.0
"""report.py FILE: what a CSV file of sales says, by region."""
import sys

import numpy as np
import pandas as pd

sales = pd.read_csv(sys.argv[1], parse_dates=["day"])
print(sales.groupby("region")["amount"].agg(["count", "mean", "max"]).round(2))
print("spread", np.percentile(sales["amount"], [5, 50, 95]).round(2))
