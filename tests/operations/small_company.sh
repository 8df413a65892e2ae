# shellcheck shell=bash
# What is there before each example: tenants, users, roles, what was recorded, and the files that
# the examples name. Runs in the folder where they run, with $POSTERN_DATA the daemon's folder.
set -euo pipefail

for tenant in umbra cloud cache; do postern tenant create "$tenant"; done
postern tenant create acme
postern --tenant acme catalogue define endpoint --resource endpoint/query --action call
postern --tenant acme user create api.bob --email bob@acme.example --api-logging on
postern --tenant acme user create shop api.eve loader
postern --tenant acme password reset api.bob <<<'Orange-71-kettle'
postern --tenant acme role create clerk
postern --tenant acme role create manager
postern --tenant acme role grant clerk read table/orders
postern --tenant acme role assign clerk --to-role manager
postern --tenant acme grant add api.bob read table/customer
postern --tenant acme grant add shop read table/customer
postern --tenant acme authenticate api.bob <<<'Orange-71-kettle'
postern --tenant acme check api.bob read table/customer
postern --tenant acme check shop read table/customer --receipt answer.receipt
postern operator add helpdesk --role manager --tenants acme --key-out first.key
journalctl -u postern | grep -o 'postern/[^ ]*+[^ ]*' | head -1 >verifier.txt
postern status
cp "$POSTERN_DATA/seen-checkpoint" kept.txt

printf '%s\n' 'read table/customer' 'read table/customer/email' >questions.txt
cat >batch.json <<'JSON'
{"tenant": "acme", "commands": [
  {"user": "api.bob", "body_type": "RemoveGrant",
   "body": {"effect": "allow", "action": "read", "resource": "table/customer"}}]}
JSON
cp batch.json commands.json
echo '{"policies": {"lockout_failures": 7}}' >mine.json
echo 'Orange-72-kettle' >new.txt
cat >catalogue.json <<'JSON'
{"kinds": [{"name": "report", "open": true, "actions": [{"name": "read"}]}]}
JSON
printf '%s\n' 'username,email' 'api.new,new@acme.example' >users.csv
cat >.htpasswd <<'FILE'
carol:$2y$04$abcdefghijklmnopqrstuuJ2m2b7pWW4HbfTOZOFg3XlPQXTzZfXy
FILE
printf '%s\n' 'user reader on ~orders:* +@read >Orange-71-kettle' >users.acl
cat >account.json <<'JSON'
{"UserDetailList": [{"UserName": "uploader", "UserPolicyList": [{"PolicyName": "up",
  "PolicyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
    "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*"}]}}]}]}
JSON
cat >ReadOnly.json <<'JSON'
{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject",
  "Resource": "arn:aws:s3:::bucket/*"}]}
JSON
printf '%s\n' 173.245.48.0/20 103.21.244.0/22 >ips-v4.txt
printf '%s\n' 2400:cb00::/32 >ips-v6.txt
postern --tenant acme --output json report >report.json
