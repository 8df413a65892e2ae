# The guide of Konnektive's API users: unique names, endpoints one by one, an address list that
# nobody may leave out. Sourced by play.
# shellcheck shell=bash disable=SC2154

account=crm$again
p=(postern --tenant "$account")
secret='Walnut-Grove-3'

say "A CRM account: no & in passwords, endpoints by name, an address list for every user."
ask 0 TenantCreated postern tenant create "$account" --preset konnektive
ask 0 query "${p[@]}" catalogue show

say "A user; an e-mail is optional, a unique name is not."
ask 0 UserCreated "${p[@]}" user create landing-page
ask 1 user_exists "${p[@]}" user create Landing-Page
ask 1 password_contains_forbidden_character "${p[@]}" password reset landing-page <<<'Salt&Pepper-1'
ask 0 PasswordReset "${p[@]}" password reset landing-page <<<"$secret"

say "Without an address list it may not be used from anywhere."
ask 1 network_not_allowed "${p[@]}" authenticate landing-page --address 203.0.113.9 <<<"$secret"
ask 64 field_malformed "${p[@]}" user set landing-page --networks 203.0.113.9/24
ask 0 UserSettingsChanged "${p[@]}" user set landing-page --networks 203.0.113.9
ask 0 allowed "${p[@]}" authenticate landing-page --address 203.0.113.9 <<<"$secret"
ask 1 network_not_allowed "${p[@]}" authenticate landing-page --address 203.0.113.10 <<<"$secret"

say "A provider's name in the list means all that it publishes, as imported from its own file."
printf '%s\n' 192.0.2.0/25 192.0.2.128/25 198.51.100.0/24 203.0.113.128/25 100.64.0.0/24 \
  >"$folder/ips-v4"
printf '%s\n' 2001:db8:100::/40 2001:db8:300::/40 >"$folder/ips-v6"
ask 0 RangesImported postern network import CLOUDFLARE "$folder/ips-v4" "$folder/ips-v6"
printf '192.0.2.0/24\n' >"$folder/short-v4"
printf '2001:db8:100::/40\n' >"$folder/short-v6"
ask 1 ranges_shrunk postern network import CLOUDFLARE "$folder/short-v4" "$folder/short-v6"
printf '192.0.2.0/24\n<html>\n' >"$folder/broken-v4"
ask 65 'Nothing was imported' postern network import CLOUDFLARE "$folder/broken-v4" \
  "$folder/ips-v6"
ask 0 CLOUDFLARE postern network show
ask 0 CLOUDFLARE postern network test 192.0.2.200
ask 0 UserSettingsChanged "${p[@]}" user set landing-page --networks 203.0.113.9,CLOUDFLARE
ask 0 allowed "${p[@]}" authenticate landing-page --address 198.51.100.77 <<<"$secret"
ask 0 allowed "${p[@]}" authenticate landing-page --address 2001:db8:1ff::1 <<<"$secret"
ask 1 network_not_allowed "${p[@]}" authenticate landing-page --address 198.51.101.1 <<<"$secret"

say "Endpoints are chosen one by one; those that let data out say so when they are granted."
ask 0 GrantAdded "${p[@]}" grant add landing-page call endpoint/import/lead
ask 0 'data' "${p[@]}" grant add landing-page call endpoint/query/order
from=(--address 203.0.113.9)
ask 0 allowed "${p[@]}" check landing-page call endpoint/import/lead "${from[@]}"
ask 1 no_matching_grant "${p[@]}" check landing-page call endpoint/import/order "${from[@]}"
ask 0 'endpoint/query/order' "${p[@]}" who-can call endpoint/query/order

say "A key instead of the password: shown once, narrowed, revoked alone."
ask 0 KeyCreated "${p[@]}" key create landing-page leads --only 'call endpoint/import'
ask 0 leads "${p[@]}" key list landing-page
ask 0 KeyRevoked "${p[@]}" key revoke landing-page leads
ask 0 allowed "${p[@]}" check landing-page call endpoint/import/lead "${from[@]}"
ask 1 interactive_not_allowed "${p[@]}" authenticate landing-page "${from[@]}" --interactive \
  <<<"$secret"
