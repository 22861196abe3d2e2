<?php
// SPDX-License-Identifier: Apache-2.0
// Remembers values in APCu's shared memory, which outlives requests.
$path = parse_url($_SERVER["REQUEST_URI"], PHP_URL_PATH);
if ($path === "/remember") {
    foreach ($_GET as $name => $value) {
        apcu_store($name, $value);
    }
    echo apcu_cache_info()["num_entries"];
} elseif ($path === "/recall") {
    echo apcu_fetch(array_key_first($_GET)) ?: "nothing";
} else {
    $sieve = SplFixedArray::fromArray(array_fill(0, 100001, true));
    $count = 0;
    for ($i = 2; $i <= 100000; $i++) {
        if ($sieve[$i]) {
            $count++;
            for ($j = 2 * $i; $j <= 100000; $j += $i) {
                $sieve[$j] = false;
            }
        }
    }
    echo $count, " ", (new DateTime("now"))->format("Y"), " ", hash("sha256", random_bytes(16));
}
