#!/usr/bin/env bash
# Puts faults into the product on purpose, one at a time, and expects a test of the contract to turn red for each.
#
# It is run by hand. It builds the product once in a scratch copy (a work tree of HEAD, which is removed at the end) with
# all faults in it (tests/faults.patch). The variable SALESDESK_FAULT, which only the copy knows, chooses the one that is
# there. The tests of the contract run on SQLite, those of what happens at once (interleaving) on PostgreSQL. The build takes as long as that of the workspace's own crates, each fault up to half a
# minute.
#
#   tests/faults.sh [NAME...]               all faults, or these
#   tests/faults.sh --edit FOLDER           makes the copy in FOLDER and keeps it. Change the faults there; then
#                                           `git -C FOLDER diff HEAD -- crates src > tests/faults.patch`
#   tests/faults.sh --in FOLDER [NAME...]   the same as the first in such a copy, which stays
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
built=${CARGO_TARGET_DIR:-$root/target}
# Beside the tree's own build: the crates of the copy have the same names.
export CARGO_TARGET_DIR=$built/faults
export CARGO_TERM_COLOR=never SALESDESK_TEST_POSTGRES=off
unset SALESDESK_BLESS SALESDESK_FAULT

# The fault, the test that must turn red, and what it must say: a test that fails for another reason proves nothing.
faults() {
    cat <<'END'
filter-ignores-its-value                 filters::every_filter_lets_through_what_fits_and_nothing_else       wrong ["
filter-takes-only-the-first-value        filters::every_filter_lets_through_what_fits_and_nothing_else       missing ["
bound-excludes-its-end                   filters::every_filter_lets_through_what_fits_and_nothing_else       missing ["
documented-word-refused                  parameters::a_parameter_of_the_right_kind_is_taken                  answered 400
unknown-parameter-taken                  parameters::an_unknown_parameter_is_named                           break it
sort-in-the-wrong-direction              sorts::a_list_is_sorted_by_each_of_its_keys_in_both_directions      before
sort-by-something-else                   sorts::a_list_is_sorted_by_each_of_its_keys_in_both_directions      before
names-sorted-as-written                  sorts::a_list_is_sorted_by_each_of_its_keys_in_both_directions      before
own-filter-ignored                       filters::every_filter_lets_through_what_fits_and_nothing_else       wrong ["
search-finds-nothing                     filters::every_filter_lets_through_what_fits_and_nothing_else       does not find
report-ignores-ids                       filters::every_parameter_of_a_report_changes_what_it_says           not looked at
report-ids-find-nothing                  filters::every_parameter_of_a_report_changes_what_it_says           not looked at
report-takes-only-the-first-id           filters::every_parameter_of_a_report_changes_what_it_says           as one alone
expand-gives-null                        shown::an_answer_is_widened_by_what_is_asked_for                    break it
expand-skips-parts                       shown::an_answer_is_widened_by_what_is_asked_for                    no product
cursor-repeats-a-row                     lists::a_list_is_walked_page_by_page_without_gap_or_repeat          a second time
page-misses-a-row                        lists::a_list_is_walked_page_by_page_without_gap_or_repeat          pages of
cursor-of-any-list                       lists::a_cursor_belongs_to_its_list_and_sort                        break it
total-count-off-by-one                   lists::a_list_is_walked_page_by_page_without_gap_or_repeat          total_count
fields-leaves-a-field-in                 shown::an_answer_is_cut_to_the_fields_asked_for                     break it
answer-with-an-undeclared-field          writes::a_created_record_is_where_its_location_says                 unknown_field
undeclared-field-that-our-checker-misses writes::a_created_record_is_where_its_location_says                 only jsonschema says
null-of-a-wrong-type                     writes::a_created_record_is_where_its_location_says                 wrong_type
body-not-checked                         bodies::every_fault_of_a_body_is_pointed_at                         break it
change-without-if-match                  answers::a_change_needs_the_version_that_it_was_made_from           break it
stale-version-taken                      writes::a_change_of_a_stale_version_is_refused                      break it
never-304                                writes::a_created_record_is_where_its_location_says                 answered 200
location-leads-elsewhere                 writes::a_created_record_is_where_its_location_says                 answered 404
idempotency-key-not-stored               writes::a_repeated_request_with_its_key_is_done_once                break it
dry-run-is-kept                          writes::a_dry_run_changes_nothing                                   something stayed
deleted-record-stays                     writes::a_deleted_record_is_gone                                    break it
change-without-an-entry                  writes::every_write_is_in_the_journal_with_who_and_through_which_request break it
event-left-out                           writes::every_write_is_in_the_journal_with_who_and_through_which_request no event of
history-skips-the-first-version          histories::a_history_tells_of_every_version                         no entry for
scope-not-enforced                       access::whoever_lacks_the_scope_is_refused                          break it
guard-credit                             interleaving::two_at_the_orders_of_one_customer_are_as_one_after_the_other pairs:
guard-exceptions                         interleaving::two_at_a_confirmed_order_are_as_one_after_the_other   pairs:
guard-credited                           interleaving::two_at_returns_of_one_order_are_as_one_after_the_other pairs:
guard-remedies                           interleaving::two_at_a_complaint_are_as_one_after_the_other         pairs:
guard-duplicates                         interleaving::two_at_a_customer_are_as_one_after_the_other          pairs:
guard-quality                            interleaving::two_at_a_customer_are_as_one_after_the_other          pairs:
guard-prices                             interleaving::two_at_a_price_list_are_as_one_after_the_other        pairs:
guard-units                              interleaving::two_at_a_price_list_are_as_one_after_the_other        pairs:
guard-pool_moves                         interleaving::two_at_the_pool_are_as_one_after_the_other            pairs:
nobody-runs-alone                        interleaving::two_at_a_tree_are_as_one_after_the_other              pairs:
END
}

# Other people's crates that are built already are not built once more.
borrow() {
    [[ -d $built/debug/deps && ! -d $CARGO_TARGET_DIR/debug ]] || return 0
    mkdir -p "$CARGO_TARGET_DIR/debug"
    cp -al "$built"/debug/{deps,build,.fingerprint} "$CARGO_TARGET_DIR/debug/"
    rm -rf "$CARGO_TARGET_DIR"/debug/{deps/{lib,}{salesdesk,testkit}*,deps/program-*,build/salesdesk*,.fingerprint/salesdesk*}
}

# The tests' whole names: of the contract on SQLite, of what happens at once as it is.
whole_names() {
    awk '{print ($2 ~ /^interleaving::/) ? $2 : "contract::" $2 "::sqlite"}'
}

copy() {
    git worktree add --quiet --detach "$1" HEAD
    git -C "$1" apply --3way --whitespace=nowarn "$root/tests/faults.patch" ||
        { echo 'tests/faults.patch does not fit the product any more: mend it with --edit.' >&2; exit 1; }
}

case ${1:-} in
    --edit) copy "$2"; exit ;;
    --in) folder=$2; shift 2 ;;
    *)
        folder=$(mktemp -d)/salesdesk
        trap 'git worktree remove --force "$folder"; rmdir "$(dirname "$folder")"' EXIT
        copy "$folder"
        ;;
esac
borrow
# Cargo goes by times: what was built last from another copy is not taken for this one's.
if [[ $(cat "$CARGO_TARGET_DIR/of" 2>/dev/null) != "$folder" ]]; then
    find "$folder"/{crates,src,migrations,tests} -type f -exec touch {} +
    mkdir -p "$CARGO_TARGET_DIR" && echo "$folder" >"$CARGO_TARGET_DIR/of"
fi
binary=$(cd "$folder" && cargo test --locked --quiet --test program --no-run --message-format=json |
    sed -n 's/.*"executable":"\([^"]*\/program-[^"]*\)".*/\1/p')
cd "$folder"

# Without a fault all of them are green: else their red says nothing.
faults | whole_names | sort -u | SALESDESK_TEST_POSTGRES=auto xargs "$binary" --exact >/dev/null 2>&1 ||
    { echo 'These tests are red without any fault.' >&2; exit 1; }

missed=0
while read -r name test words; do
    [[ $# == 0 || " $* " == *" $name "* ]] || continue
    whole=$(echo "$name $test" | whole_names)
    postgres=$([[ $whole == interleaving::* ]] && echo auto || echo off)
    if output=$(SALESDESK_FAULT=$name SALESDESK_TEST_POSTGRES=$postgres "$binary" --exact "$whole" 2>&1); then
        verdict='STAYED GREEN' missed=1
    elif grep -qF -- "$words" <<<"$output"; then
        verdict='red'
    else
        verdict='RED FOR ANOTHER REASON' missed=1
    fi
    printf '%-42s %-24s %s\n' "$name" "$verdict" "$test"
done < <(faults)
exit $missed
