# The guide of Exigo's API users: a company, its users with names and passwords, what each may
# read, write, run and call. Sourced by play.
# shellcheck shell=bash disable=SC2154

company=company$again
p=(postern --tenant "$company")
secret='Blue-Kettle-42'

say "A company, with the tables, scripts and endpoints that Exigo's guide lists."
ask 0 TenantCreated postern tenant create "$company" --name 'Example Company' --preset exigo
ask 0 customer-tables "${p[@]}" catalogue show table
ask 0 1800 "${p[@]}" tenant show "$company"

say "Create an API user: the login name should begin with API_, and says so if it does not."
ask 0 API_ "${p[@]}" user create Warehouse
ask 0 UserCreated "${p[@]}" user create API_Shop --first-name Ada --last-name Example \
  --email ada@company.example --warehouse Dallas --language en-US --time-zone America/Chicago \
  --note 'the web shop'
ask 1 user_exists "${p[@]}" user create api_shop
ask 0 Dallas "${p[@]}" user show API_Shop

say "The password, and API access, which is off until it is switched on."
ask 1 password_contains_forbidden_word "${p[@]}" password reset API_Shop <<<'api_shop'
ask 0 PasswordReset "${p[@]}" password reset API_Shop <<<"$secret"
ask 1 api_access_not_allowed "${p[@]}" authenticate API_Shop <<<"$secret"
ask 0 ApiAccessChanged "${p[@]}" user set API_Shop --api-access on
ask 0 allowed "${p[@]}" authenticate API_Shop <<<"$secret"
ask 1 interactive_not_allowed "${p[@]}" authenticate API_Shop --interactive <<<"$secret"
ask 1 tenant_unknown postern --tenant "no-$company" authenticate API_Shop <<<"$secret"

say "Table access: read or write, by group, table or field; a field can be denied."
ask 0 GrantAdded "${p[@]}" grant add API_Shop read table/customer-tables
ask 0 GrantAdded "${p[@]}" grant add API_Shop write table/customer-tables/customers
ask 0 GrantAdded "${p[@]}" grant add API_Shop read table/customer-tables/customers/tax-id --deny
ask 0 allowed "${p[@]}" check API_Shop read table/customer-tables/customers/email
ask 1 denied_by_grant "${p[@]}" check API_Shop read table/customer-tables/customers/tax-id
ask 1 denied_below "${p[@]}" check API_Shop read table/customer-tables/customers
ask 0 allowed "${p[@]}" check API_Shop read table/customer-tables/customers --this-level-only
ask 1 no_matching_grant "${p[@]}" check API_Shop write table/invoices-and-customer-orders/orders
ask 1 unknown_resource "${p[@]}" check API_Shop read table/payroll
ask 1 table/customer-payments "${p[@]}" grant add API_Shop read table/customer-paymnts

say "Scripts are allowed one by one, endpoints one by one or by category."
ask 0 GrantAdded "${p[@]}" grant add API_Shop run script/nightly-sync
ask 0 allowed "${p[@]}" check API_Shop run script/nightly-sync
ask 1 no_matching_grant "${p[@]}" check API_Shop run script/rebuild-tree
ask 0 GrantAdded "${p[@]}" grant add API_Shop call endpoint/orders
ask 0 allowed "${p[@]}" check API_Shop call endpoint/orders/create-order

say "The company's networks, and the user that skips the check of its address."
ask 0 TenantChanged "${p[@]}" tenant set "$company" --networks 203.0.113.0/24,2001:db8:7::/48
ask 0 allowed "${p[@]}" authenticate API_Shop --address 203.0.113.9 <<<"$secret"
ask 0 allowed "${p[@]}" authenticate API_Shop --address ::ffff:203.0.113.9 <<<"$secret"
ask 1 network_not_allowed "${p[@]}" authenticate API_Shop --address 198.51.100.7 <<<"$secret"
ask 1 network_not_allowed "${p[@]}" authenticate API_Shop <<<"$secret"
ask 0 UserSettingsChanged "${p[@]}" user set API_Shop --skip-ip-check on
ask 0 allowed "${p[@]}" authenticate API_Shop --address 198.51.100.7 <<<"$secret"

say "Secure transport can be required."
ask 0 UserSettingsChanged "${p[@]}" user set API_Shop --require-tls on
ask 1 tls_required "${p[@]}" authenticate API_Shop --address 198.51.100.7 <<<"$secret"
ask 0 allowed "${p[@]}" authenticate API_Shop --address 198.51.100.7 --tls <<<"$secret"

say "API logging: while it is on, each call is recorded, with its answer."
ask 0 UserSettingsChanged "${p[@]}" user set API_Shop --api-logging on
ask 0 allowed "${p[@]}" authenticate API_Shop --tls --client warehouse-app <<<"$secret"
ask 1 no_matching_grant "${p[@]}" check API_Shop run script/rebuild-tree --tls
ask 0 script/rebuild-tree "${p[@]}" calls follow --user API_Shop --from 1 --count 2

say "A session lasts the company's 30 minutes, and dies the moment its user is locked."
email=table/customer-tables/customers/email
session=$("${p[@]}" --output json session open API_Shop --tls <<<"$secret") || true
token=$(grep -oE '"token": *"[^"]*"' <<<"$session" | cut -d'"' -f4) || true
ask 0 allowed "${p[@]}" check --token API_Shop read "$email" --tls <<<"$token"
ask 0 UserLocked "${p[@]}" user lock API_Shop --reason 'left the company'
ask 1 user_locked "${p[@]}" check --token API_Shop read "$email" --tls <<<"$token"
ask 0 UserUnlocked "${p[@]}" user unlock API_Shop
ask 1 session_expired "${p[@]}" check --token API_Shop read "$email" --tls <<<"$token"
