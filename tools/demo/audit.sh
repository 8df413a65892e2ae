# A year's history of a company, and what an auditor asks of it: who could do what, by whose hand,
# what leaked, what was a mistake, who shares, and what is too wide. The folder is made by
# tests/year from a seed (make_audit_data in lib.sh). Sourced by play.
# shellcheck shell=bash disable=SC2154

a=(postern --tenant atlas)

say "What should the board look at? One page, and the same in a few lines."
ask 0 'Shared users' "${a[@]}" report --html "$folder/review.html"
ask 0 'Content-Security-Policy' head -c 400 "$folder/review.html"
ask 0 '"kind":"users_shared"' "${a[@]}" --output json report --rows 3

say "Who is used by several systems at once?"
report=$("${a[@]}" --output json report --rows 3) || true
ask 0 'integration-shared' grep -o '"kind":"users_shared","count":[^}]*' <<<"$report"

say "A key lay in a public repository. Which, who took it back, and what was done with it?"
ask 0 'INC-204: this key lay in a public repository' "${a[@]}" events list --user feed-prices \
  --kind KeyRevoked
strange=$("${a[@]}" calls list --user feed-prices | grep -F 203.0.113.77) || true
ask 0 'python-requests' head -n 3 <<<"$strange"
ask 0 'table/customers' grep -F -m 1 table/customers <<<"$strange"

say "For a week a report could read the payments. By whose hand, and who took it back?"
ask 0 'CHG-311: the report needs the payments' "${a[@]}" events list --user report-nightly \
  --kind GrantAdded
ask 0 'CHG-311 was a mistake' "${a[@]}" events list --user report-nightly --kind GrantRemoved
ask 1 no_matching_grant "${a[@]}" explain report-nightly read table/payments

say "Somebody asked that nothing of her be kept. When was that done, and what is left?"
ask 0 'DSR-88: erasure asked for' "${a[@]}" events list --kind UserErased

say "Why can nobody of delta do anything?"
ask 0 'unpaid since summer' postern tenant show delta
name=$(postern --tenant delta --output jsonl user list | grep -om 1 '"username":"[^"]*"' |
  cut -d'"' -f4) || true
ask 1 tenant_disabled postern --tenant delta explain "${name:-nobody}" read table/orders

say "Which role has grown, step by step, until it covered everything?"
ask 0 'CHG-402: no more tickets for each table' "${a[@]}" role show support-plus

say "Why is kiosk-login locked?"
ask 1 user_locked "${a[@]}" explain kiosk-login read table/products --with-password

say "The proof, on a machine that never saw the daemon: one file, and the audit tool."
bundle=$folder/year.bundle
ask 0 '' postern backup create "$bundle"
ask 0 whole postern-replay --bundle "$bundle" verify
say "A name that two users had, each with its dates."
ask 0 'CHG-222: replaced' postern-replay --bundle "$bundle" show --tenant atlas \
  --user batch-loader --kind UserStatusChanged
say "The same review from the bundle alone, as it stood before the key leaked."
ask 0 'as of' postern-replay --bundle "$bundle" report --tenant atlas \
  --at "$(date -u -d '-300 days' +%Y-%m-%dT%H:%M:%SZ)"
