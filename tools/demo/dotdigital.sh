# The guide of Dotdigital's API users: generated names, strong passwords, a lock after five, one
# user for one system. Sourced by play.
# shellcheck shell=bash disable=SC2154

account=account$again
p=(postern --tenant "$account")
secret='Green-Lantern-7'

# made: the username that the last answer tells.
made() { grep -oE "apiuser-[a-z2-7]{12}@$account" <<<"$answer" | head -n 1; }
# create DESCRIPTION…: creates a user whose name is generated.
create() {
  answer=$("${p[@]}" --output json user create "$@")
  made
}

say "An account. Its API users get generated names, which they keep for ever."
ask 0 TenantCreated postern tenant create "$account" --preset dotdigital
ask 0 '@' "${p[@]}" user create --description 'CRM connector' --system crm
ask 1 username_generated "${p[@]}" user create my-own-name
name=$(create --description 'shop connector' --system shop)
ask 1 username_fixed "${p[@]}" user rename "$name" other-name
ask 0 "$name" "${p[@]}" user list --text apiuser-

say "A password is refused with every rule that it breaks, not only the first."
ask 1 password_too_short "${p[@]}" password reset "$name" <<<'abc'
ask 1 password_lacks_digit_or_symbol "${p[@]}" password reset "$name" <<<'abc'
ask 1 password_contains_forbidden_word "${p[@]}" password reset "$name" <<<'MyPassword1'
ask 1 password_contains_forbidden_word "${p[@]}" password reset "$name" <<<"x$account-1"
ask 0 PasswordReset "${p[@]}" password reset "$name" <<<"$secret"

say "It is created enabled, and may be used at once."
ask 0 allowed "${p[@]}" authenticate "$name" <<<"$secret"
ask 0 GrantAdded "${p[@]}" grant add "$name" call endpoint/contacts
ask 0 allowed "${p[@]}" check "$name" call endpoint/contacts/list

say "Five wrong passwords in a row lock it; a reset, to the same password too, unlocks."
for ((attempt = 1; attempt <= 5; attempt++)); do
  ask 1 invalid_credentials "${p[@]}" authenticate "$name" <<<'not-It-0'
done
ask 1 user_locked "${p[@]}" authenticate "$name" <<<"$secret"
ask 1 'password' "${p[@]}" explain "$name"
ask 0 PasswordReset "${p[@]}" password reset "$name" <<<"$secret"
ask 0 allowed "${p[@]}" authenticate "$name" <<<"$secret"

say "Another password without an outage: both are valid until the old one ends."
soon=$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)
ask 0 PasswordRotated "${p[@]}" password rotate "$name" --old-until "$soon" <<<'Green-Lantern-8'
ask 0 allowed "${p[@]}" authenticate "$name" <<<"$secret"
ask 0 allowed "${p[@]}" authenticate "$name" <<<'Green-Lantern-8'

say "Managers look after users; they delete none, and administrators do it directly."
manager=$folder/manager.key
ask 0 OperatorAdded postern operator add "desk$again" --role manager --tenants "$account" \
  --key-out "$manager"
ask 77 not_permitted postern --key "$manager" --tenant "$account" user delete "$name"
ask 0 UserStatusChanged "${p[@]}" user disable "$name"
ask 1 user_not_active "${p[@]}" authenticate "$name" <<<"$secret"
ask 0 UserStatusChanged "${p[@]}" user delete "$name"
ask 1 invalid_credentials "${p[@]}" authenticate "$name" <<<"$secret"
ask 0 "$name" "${p[@]}" user list --status deleted
