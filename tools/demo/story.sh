# The story of two companies whose programs use one API. Sourced by play.
# shellcheck shell=bash disable=SC2154

acme=acme$again
globex=globex$again
gateway=gateway$again
first='first-Secret-1'
second='second-Secret-2'
wrong='not-It-0'

say "Two tenants, and the programs that act for them."
ask 0 TenantCreated postern tenant create "$acme" --name 'Acme Ltd'
ask 0 TenantCreated postern tenant create "$globex" --name 'Globex Corporation'
ask 0 UserCreated postern --tenant "$acme" user create shop --email ops@acme.example
ask 0 UserCreated postern --tenant "$acme" user create reports --reason 'ticket A-7'
ask 0 UserCreated postern --tenant "$globex" user create shop
ask 1 user_exists postern --tenant "$acme" user create SHOP
ask 0 "$acme" postern tenant list

say "A password is kept as an Argon2id hash, sealed; every rule it breaks is named."
ask 1 password_contains_forbidden_word \
  postern --tenant "$acme" password reset shop <<<'acmePassword'
ask 0 PasswordReset postern --tenant "$acme" password reset shop <<<"$first"
ask 0 allowed postern --tenant "$acme" authenticate shop <<<"$first"
ask 1 invalid_credentials postern --tenant "$acme" authenticate shop <<<"$wrong"
ask 0 allowed postern --tenant "$acme" authenticate shop <<<"$first"

say "Nothing is allowed unless granted; a grant covers all below it; a deny beats every allow."
ask 1 no_matching_grant postern --tenant "$acme" check shop read table/customer/email
ask 0 GrantAdded postern --tenant "$acme" grant add shop read table/customer
ask 0 table/customer postern --tenant "$acme" check shop read table/customer/email
ask 0 allowed postern --tenant "$acme" check shop read table/customer
ask 0 GrantAdded postern --tenant "$acme" grant add shop read table/customer/ssn --deny
ask 1 denied_by_grant postern --tenant "$acme" check shop read table/customer/ssn
ask 1 denied_below postern --tenant "$acme" check shop read table/customer
ask 0 allowed postern --tenant "$acme" check shop read table/customer/email
ask 1 no_matching_grant postern --tenant "$acme" check shop write table/customer/email
ask 1 unknown_resource postern --tenant "$acme" check shop read planet/mars
ask 1 no_matching_grant postern --tenant "$globex" check shop read table/customer/email

say "Five wrong passwords in a row lock the user; then the right one is refused as well."
for ((attempt = 1; attempt <= 5; attempt++)); do
  ask 1 invalid_credentials postern --tenant "$acme" authenticate shop <<<"$wrong"
done
ask 0 passwords postern --tenant "$acme" user show shop
ask 1 user_locked postern --tenant "$acme" authenticate shop <<<"$first"
ask 1 user_locked postern --tenant "$acme" check shop read table/customer/email
ask 1 user_not_locked postern --tenant "$acme" user unlock shop
ask 0 PasswordReset postern --tenant "$acme" password reset shop --reason 'ticket A-9' <<<"$second"
ask 0 allowed postern --tenant "$acme" authenticate shop <<<"$second"

say "An operator's lock is another cause; a password reset does not clear it."
ask 0 UserLocked postern --tenant "$acme" user lock shop --reason 'key leaked'
ask 0 PasswordReset postern --tenant "$acme" password reset shop <<<"$second"
ask 1 user_locked postern --tenant "$acme" check shop read table/customer/email
ask 0 UserUnlocked postern --tenant "$acme" user unlock shop
ask 0 allowed postern --tenant "$acme" check shop read table/customer/email

say "Trash and back; a move that the status does not allow is refused."
ask 0 UserStatusChanged postern --tenant "$acme" user trash reports
ask 1 status_move_not_allowed postern --tenant "$acme" user disable reports
ask 1 user_not_active postern --tenant "$acme" check reports read table/customer
ask 0 UserStatusChanged postern --tenant "$acme" user restore reports
ask 0 UserStatusChanged postern --tenant "$acme" user enable reports

say "A disabled tenant: denied at once, and locked until each password is reset."
ask 0 'dry run' postern tenant disable "$acme" --dry-run
ask 0 allowed postern --tenant "$acme" check shop read table/customer/email
ask 0 TenantDisabled postern tenant disable "$acme" --reason 'unpaid'
ask 1 tenant_disabled postern --tenant "$acme" check shop read table/customer/email
ask 1 no_matching_grant postern --tenant "$globex" check shop read table/customer/email
ask 0 TenantEnabled postern tenant enable "$acme" --reason 'paid'
ask 1 user_locked postern --tenant "$acme" check shop read table/customer/email
ask 0 PasswordReset postern --tenant "$acme" password reset shop <<<"$first"
ask 0 allowed postern --tenant "$acme" check shop read table/customer/email

say "A service of its own: it asks for its callers, and learns no more than it must."
key=$folder/gateway.key
ask 0 OperatorAdded \
  postern operator add "$gateway" --role service --tenants "$acme" --key-out "$key"
ask 77 not_permitted postern --key "$key" --tenant "$acme" check shop read table/customer
ask 0 OperatorChanged postern operator set "$gateway" --vouches
ask 0 allowed postern --key "$key" --tenant "$acme" check shop read table/customer/email
ask 77 not_permitted postern --key "$key" --tenant "$acme" user lock shop
ask 0 UserLocked postern --tenant "$acme" user lock shop
ask 1 invalid_credentials postern --key "$key" --tenant "$acme" authenticate shop <<<"$first"
ask 0 UserUnlocked postern --tenant "$acme" user unlock shop
ask 0 allowed postern --key "$key" --tenant "$acme" authenticate shop <<<"$first"
ask 1 tenant_unknown postern --key "$key" --tenant "$globex" check shop read table/customer

say "The audit: what happened to shop, by whose hand and why; and why a question is answered so."
ask 0 'ticket A-9' postern --tenant "$acme" events list --user shop
ask 1 denied_by_grant postern --tenant "$acme" explain shop read table/customer/ssn
ask 0 seq postern status
ask 0 '' postern status --digest
told=$(postern status --digest) || true
digest=$(grep -oE "[0-9a-f]{64}" <<<"$told" | tail -n 1) || true
seq=$(grep -oE "seq [0-9]+" <<<"$told" | grep -oE "[0-9]+") || true

say "The daemon stops; the journal is checked and folded again, offline."
stop_daemon
ask 0 whole postern-replay verify
ask 0 "${digest:-no digest}" postern-replay fold --to-seq "${seq:-0}"
