# SPDX-License-Identifier: Apache-2.0
# Sourced by ./check: adds up what the test runners reported. Each source of results is one of
#   MODULE/target/{surefire,failsafe}-reports/TEST-*.xml   JUnit, by Maven
#   …/target/**/tests.txt                                  lines "passed NAME", "failed NAME", "skipped NAME": C and shell tests

forget_results() {
    rm -rf -- */target/surefire-reports */target/failsafe-reports
    find . -path '*/target/*' -name tests.txt -delete 2>/dev/null || true
}

# Prints "passed failed skipped" of one module's JUnit reports.
count_junit() {
    find "$1" -path '*/target/*-reports/TEST-*.xml' -exec grep -ho '<testsuite [^>]*>' {} + | awk '
        function attribute(name) { return match($0, " " name "=\"[0-9]+\"") ? substr($0, RSTART + length(name) + 3) + 0 : 0 }
        { run += attribute("tests"); bad += attribute("failures") + attribute("errors"); skipped += attribute("skipped") }
        END { print run - bad - skipped, bad + 0, skipped + 0 }'
}

# Prints "passed failed skipped" of one folder's tests.txt files.
count_lines() {
    find "$1" -path '*/target/*' -name tests.txt -exec cat {} + | awk '
        { count[$1]++ }
        END { print count["passed"] + 0, count["failed"] + 0, count["skipped"] + 0 }'
}

# Prints the names of failed tests, the first 40.
list_failures() {
    {
        find . -path './*/target/*-reports/TEST-*.xml' -exec awk '
            function attribute(name) { return match($0, " " name "=\"[^\"]*\"") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) : "" }
            /^ *<testcase / { test = attribute("classname") " " attribute("name") }
            /^ *<(failure|error)[ >]/ { if (test != "") print test; test = "" }' {} + \
            | sed -e 's/&quot;/"/g' -e "s/&apos;/'/g" -e 's/&lt;/</g' -e 's/&gt;/>/g' -e 's/&amp;/\&/g'
        find . -path './*/target/*' -name tests.txt -exec awk '$1 == "failed" { print FILENAME " " $2 }' {} +
    } | awk 'NR <= 40 { print "FAILED: " $0 } END { if (NR > 40) print "and " NR - 40 " more" }'
}

# Prints why tests were skipped, each reason once with its number of tests.
list_skips() {
    find . -path './*/target/*-reports/TEST-*.xml' -exec grep -h '<skipped[ />]' {} + \
        | sed -e 's/.*TestAbortedException: //' -e 's/.*message="\([^"]*\)".*/\1/' -e 's/]]>.*//' -e 's/^ *<skipped.*/no reason given/' \
        | sort | uniq -c | sort -rn | sed 's/^ *\([0-9]*\) /skipped \1: /' || true
}

# print_counts STATUS: one line per folder, then the sum alone on the last line; fails when a test failed or when none
# ran. A build that failed (STATUS not 0) without a failed test counts as one failure, so that the sum never looks well.
print_counts() {
    local folder passed failed skipped sum_passed=0 sum_failed=0 sum_skipped=0
    echo
    for folder in */; do
        folder=${folder%/}
        read -r passed failed skipped < <(
            { count_junit "$folder"; count_lines "$folder"; } | awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }')
        [ $((passed + failed + skipped)) -gt 0 ] || continue
        printf '%-14s %5d passed %3d failed %3d skipped\n' "$folder" "$passed" "$failed" "$skipped"
        sum_passed=$((sum_passed + passed)) sum_failed=$((sum_failed + failed)) sum_skipped=$((sum_skipped + skipped))
    done
    if [ "$1" != 0 ] && [ "$sum_failed" = 0 ]; then
        printf '%-14s %5d passed %3d failed %3d skipped\n' build 0 1 0
        sum_failed=1
    fi
    list_skips
    list_failures
    echo "$sum_passed passed, $sum_failed failed, $sum_skipped skipped"
    [ "$sum_failed" = 0 ] && [ "$sum_passed" -gt 0 ]
}
