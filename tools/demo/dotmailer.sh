# The guide of dotmailer's API users: managed users of one account, a lock, a disabled account, and
# the troubleshooting page. Sourced by play.
# shellcheck shell=bash disable=SC2154

account=mailer$again
p=(postern --tenant "$account")
secret='Copper-Field-9'

say "An account whose users have names of their own, and are deleted directly."
ask 0 TenantCreated postern tenant create "$account"
ask 0 TenantChanged "${p[@]}" tenant set "$account" --direct-deletion on
ask 0 UserCreated "${p[@]}" user create sync <<<''
ask 0 UserCreated "${p[@]}" user create report
ask 0 UserCreated "${p[@]}" user create export
ask 0 PasswordReset "${p[@]}" password reset sync <<<"$secret"
ask 0 GrantAdded "${p[@]}" grant add sync call endpoint/contacts
ask 0 allowed "${p[@]}" check sync call endpoint/contacts

say "A name can be changed, and one that is free again can be given to another."
ask 0 UserRenamed "${p[@]}" user rename report reporting
ask 0 UserCreated "${p[@]}" user create report
ask 1 user_exists "${p[@]}" user rename report SYNC

say "The user changes its own password, with the one it has; a wrong one counts."
service=$folder/service.key
ask 0 OperatorAdded postern operator add "mail-api$again" --role service --tenants "$account" \
  --key-out "$service"
ask 1 invalid_credentials postern --key "$service" --tenant "$account" password change sync \
  <<<$'not-It-0\nSilver-Field-9'
ask 0 PasswordChanged postern --key "$service" --tenant "$account" password change sync \
  <<<"$secret"$'\nSilver-Field-9'
secret='Silver-Field-9'
ask 0 allowed postern --key "$service" --tenant "$account" authenticate sync <<<"$secret"

say "Several users in one command: all of them or none."
ask 0 UserStatusChanged "${p[@]}" user disable reporting export
ask 1 status_move_not_allowed "${p[@]}" user disable report export
ask 0 active "${p[@]}" user show report
ask 0 UserStatusChanged "${p[@]}" user delete reporting export

say "Troubleshooting: why is the call refused? Each reason, who caused it, and what to do."
for ((attempt = 1; attempt <= 5; attempt++)); do
  ask 1 invalid_credentials postern --key "$service" --tenant "$account" authenticate sync \
    <<<'not-It-0'
done
ask 0 UserStatusChanged "${p[@]}" user disable sync --reason 'ticket 12'
ask 1 user_locked "${p[@]}" explain sync call endpoint/contacts
ask 1 'ticket 12' "${p[@]}" explain sync call endpoint/contacts
ask 0 UserStatusChanged "${p[@]}" user enable sync
ask 0 PasswordReset "${p[@]}" password reset sync <<<"$secret"
ask 0 allowed "${p[@]}" explain sync call endpoint/contacts

say "Disabling the account locks every user at once; enabling it leaves them locked."
ask 0 TenantDisabled postern tenant disable "$account" --reason unpaid
ask 1 tenant_disabled "${p[@]}" check sync call endpoint/contacts
ask 0 TenantEnabled postern tenant enable "$account" --reason paid
ask 1 user_locked "${p[@]}" authenticate sync <<<"$secret"
ask 0 PasswordReset "${p[@]}" password reset sync <<<"$secret"
ask 0 allowed "${p[@]}" authenticate sync <<<"$secret"
ask 1 user_locked "${p[@]}" check report call endpoint/contacts
