# A year's history of a company, and what an auditor asks of it: who could do what at which moment,
# through what and by whose hand; what changed; what would have been otherwise; what may be taken
# back; and the proof, offline. The folder is made by tests/year from a seed (make_audit_data in
# lib.sh). Sourced by play.
# shellcheck shell=bash disable=SC2154

a=(postern --tenant atlas)

# Of the record of atlas with such an event and this in its reason: its seq, and its time.
seq_of() {
  "${a[@]}" --output jsonl events list --kind "$1" | grep -F "$2" |
    sed -n '1s/^{"seq":\([0-9]*\),.*/\1/p'
}
time_of() {
  "${a[@]}" --output jsonl events list --kind "$1" | grep -F "$2" |
    sed -n '1s/^{"seq":[0-9]*,"time":"\([^".]*\)[^"]*".*/\1Z/p'
}
days_after() { date -u -d "$1 $2 days" +%Y-%m-%dT%H:%M:%SZ; }

say "What should the board look at? One page, and the same as data."
ask 0 'Shared users' "${a[@]}" report --html "$folder/review.html"
ask 0 'Content-Security-Policy' head -c 400 "$folder/review.html"
into "$folder/review.json" "${a[@]}" --output json report

say "Who is used by several systems at once?"
ask 0 'integration-shared' grep -oE '"kind":"users_shared","count":[0-9]+,"rows":.{0,300}' \
  "$folder/review.json"

say "A key lay in a public repository. Which, who took it back, and what was done with it?"
ask 0 'INC-204: this key lay in a public repository' "${a[@]}" events list --user feed-prices \
  --kind KeyRevoked
into "$folder/calls" "${a[@]}" calls list --user feed-prices
ask 0 'python-requests' grep -F -m 3 203.0.113.77 "$folder/calls"
ask 0 'no_matching_grant' grep -E -m 1 '203\.0\.113\.77 .* table/customers ' "$folder/calls"

say "For a week a report could read the payments. By whose hand, why, and who took it back?"
ask 0 'CHG-311: the report needs the payments' "${a[@]}" events list --user report-nightly \
  --kind GrantAdded
ask 0 'CHG-311 was a mistake' "${a[@]}" events list --user report-nightly --kind GrantRemoved
granted=$(seq_of GrantAdded 'CHG-311: the report')
taken=$(seq_of GrantRemoved 'CHG-311 was a mistake')
midweek=$(days_after "$(time_of GrantAdded 'CHG-311: the report')" 3)

say "Could it really, in the middle of that week? And before? And now? Through what?"
ask 0 "by grant $granted.0" "${a[@]}" check report-nightly read table/payments --at "$midweek"
ask 1 no_matching_grant "${a[@]}" check report-nightly read table/payments --at $((granted - 1))
ask 1 no_matching_grant "${a[@]}" check report-nightly read table/payments
ask 0 'by marc (manager): CHG-311' "${a[@]}" explain report-nightly read table/payments \
  --at "$midweek"

say "What else could it do on that day, and who else could read the payments?"
ask 0 "$granted.0" "${a[@]}" permissions report-nightly --at "$midweek"
ask 0 report-nightly "${a[@]}" who-can read table/payments --usable-only --at "$midweek"

say "What could be done at the end of that week that could not before it? Was it used?"
ask 1 'since, last' "${a[@]}" diff --from $((granted - 1)) --to $((taken - 1))
say "And once it was taken back, is anything of it left?"
ask 0 "As of seq $taken" "${a[@]}" diff --from $((granted - 1)) --to "$taken" \
  --user report-nightly

say "Somebody asked that nothing of her be kept. When was that done, and what is left?"
ask 0 'DSR-88: erasure asked for' "${a[@]}" events list --kind UserErased
erased=$(seq_of UserErased DSR-88)
say "Not even a question about the time before says who she was; what she could do, it does."
ask 0 'DSR-88: erasure asked for' "${a[@]}" user show import-042 --at $((erased - 1))

say "Why can nobody of delta do anything?"
ask 0 'unpaid since summer' postern tenant show delta
name=$(postern --tenant delta --output jsonl user list | grep -om 1 '"username":"[^"]*"' |
  cut -d'"' -f4) || true
ask 1 tenant_disabled postern --tenant delta explain "${name:-nobody}" read table/orders

say "Why is kiosk-login locked?"
ask 1 user_locked "${a[@]}" explain kiosk-login read table/products --with-password

say "A name that two users had: whose was it then?"
ask 0 'was not one user'\''s alone' "${a[@]}" user show batch-loader \
  --at "$(days_after "$(time_of UserStatusChanged 'CHG-222: replaced')" -10)"

say "Which role has grown, step by step, until it covered everything? What was it in between?"
ask 0 'CHG-402: no more tickets for each table' "${a[@]}" role show support-plus
widened=$(seq_of RoleGrantAdded CHG-402)
ask 0 'CHG-181: orders too' "${a[@]}" role show support-plus \
  --at "$(days_after "$(time_of RoleGrantAdded CHG-181)" 1)"
say "What did the last step give, and to how many? A line for all to whom it gave the same."
ask 1 'CHG-402: no more tickets' "${a[@]}" diff --from $((widened - 1)) --to "$widened"

say "Whom would it hurt if that step were taken back? Asked of the calls of 30 days."
ask 0 ' 0 would be denied and 0 allowed' "${a[@]}" undo "$widened" --preview 30d
say "What would be sent? And then it is, on condition that no such call comes in between."
ask 0 'A dry run' "${a[@]}" undo "$widened" --guard 30d --dry-run
ask 0 RoleGrantRemoved "${a[@]}" undo "$widened" --guard 30d \
  --reason 'CHG-451: found by the review'
undone=$(seq_of RoleGrantRemoved CHG-451)
ask 1 'CHG-451: found by the review' "${a[@]}" diff --from $((undone - 1))

say "And what is in use? It says so beforehand, and with a guard the daemon refuses it."
ask 1 no_matching_grant "${a[@]}" grant remove report-nightly read table/orders --preview 30d
ask 1 would_deny_used "${a[@]}" grant remove report-nightly read table/orders --guard 30d
ask 1 was_used "${a[@]}" grant remove report-nightly read table/orders --guard unused
say "What nobody has used may go."
ask 0 RoleGrantRemoved "${a[@]}" role revoke support-plus read table/payments \
  --guard unused,30d --reason 'CHG-452: never used'

say "Who has gone through the report, and what was found? That is a record, too."
reviewed=$(sed -n 's/^{"seq":\([0-9]*\),.*/\1/p' "$folder/review.json")
digest=$(sha256sum "$folder/review.json" | cut -d' ' -f1)
ask 0 "report_sha256=$digest" "${a[@]}" review "$reviewed" "$folder/review.json" \
  'support-plus was too wide; CHG-451 and CHG-452 put it right.'
say "The next review begins where this one stood, and names it."
ask 0 "changes from  record $((reviewed + 1))," "${a[@]}" report
ask 0 "of the report at record $reviewed: " "${a[@]}" report
say "What would have been, had the payments never been granted? Every recorded call, asked again."
ask 1 report-nightly "${a[@]}" what-if --without "$granted,$taken"

say "The proof, on a machine that never saw the daemon: one file, and the audit tool."
bundle=$folder/year.bundle
r=(postern-replay --bundle "$bundle")
key=$(sed -n 's/^verifier *//p' "$folder/daemon.log")
ask 0 verified postern backup create "$bundle"
ask 0 whole "${r[@]}" verify --public-key "$key"
say "It answers as the daemon does: the same questions of that week, from the file alone."
live=$("${a[@]}" --output json check report-nightly read table/payments --at "$midweek" \
  2>/dev/null) || true
ask 0 "${live:-no answer}" "${r[@]}" --output json check report-nightly read table/payments \
  --tenant atlas --at "$midweek"
ask 1 no_matching_grant "${r[@]}" check report-nightly read table/payments --tenant atlas \
  --at $((granted - 1))
ask 0 'by marc (manager): CHG-311' "${r[@]}" explain report-nightly read table/payments \
  --tenant atlas --at "$midweek"
ask 0 "$granted.0" "${r[@]}" permissions report-nightly --tenant atlas --at "$midweek"
live=$("${a[@]}" who-can read table/payments --usable-only --at "$midweek" 2>/dev/null) || true
ask 0 "${live:-no answer}" "${r[@]}" who-can read table/payments --usable-only --tenant atlas \
  --at "$midweek"
ask 1 'CHG-311: the report needs the payments' "${r[@]}" diff --tenant atlas \
  --from $((granted - 1)) --to $((taken - 1)) --user report-nightly
say "A name that two users had, each with its dates."
ask 0 'CHG-222: replaced' "${r[@]}" show --tenant atlas --user batch-loader \
  --kind UserStatusChanged
say "The same review from the bundle alone, as it stood before the key leaked."
ask 0 'as of' "${r[@]}" report --tenant atlas \
  --at "$(days_after "$(time_of KeyRevoked 'INC-204: this key')" -30)"

say "The daemon stops. Its folder holds the recorded calls, too, which a bundle does not."
stop_daemon
ask 0 whole postern-replay verify
say "What would have been, had the payments never been granted? Every recorded call, asked again."
ask 1 report-nightly postern-replay what-if --tenant atlas --without "$granted,$taken"
say "And without the role's last step? Nothing: but is enough recorded to be sure?"
ask 0 ' 0 would be denied and 0 allowed' postern-replay what-if --tenant atlas --without "$widened"
ask 66 '95 % is demanded' postern-replay what-if --tenant atlas --without "$widened" \
  --min-coverage 95

say "The records of atlas for somebody who trusts neither us nor our tools: Python alone."
ask 0 'tenant        atlas' postern-replay export "$folder/atlas.extract" --tenant atlas
ask 0 whole python3 "$(realpath --relative-base="$PWD" "$project/replay/verify_bundle.py")" \
  "$folder/atlas.extract" --public-key "$key"
ask 0 whole postern-replay --bundle "$folder/atlas.extract" verify --public-key "$key"
