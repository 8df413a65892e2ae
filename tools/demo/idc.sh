# The guide of IDC's API users: an organization, statuses with a trash, projects with privileges,
# roles. Sourced by play.
# shellcheck shell=bash disable=SC2154

organization=organization$again
secret='Marble-Arch-5'
manager=$folder/manager.key
administrator=$folder/administrator.key

say "An organization and its people: an administrator and a manager."
ask 0 TenantCreated postern tenant create "$organization" --preset idc
ask 0 OperatorAdded postern operator add "admin$again" --role administrator \
  --tenants "$organization" --key-out "$administrator"
ask 0 OperatorAdded postern operator add "desk$again" --role manager --tenants "$organization" \
  --key-out "$manager"
a=(postern --key "$administrator" --tenant "$organization")
m=(postern --key "$manager" --tenant "$organization")

say "A created user is active, and may be used at once; the command can make it new instead."
ask 0 UserCreated "${m[@]}" user create scanner-01
ask 0 GrantAdded "${m[@]}" grant add scanner-01 add-records project/student-cards
ask 0 allowed "${m[@]}" check scanner-01 add-records project/student-cards

say "A user with its profile, and a note that administrators and owners alone are told."
ask 0 UserCreated "${a[@]}" user create printer-01 --status new --first-name Pat \
  --last-name Example --department Cards --hire-date 2024-05-01 --phone '+1 555 0100' \
  --attribute badge=B-17 --note 'contract ends in June'
ask 0 'contract ends in June' "${a[@]}" user show printer-01
ask 1 user_not_active "${a[@]}" check printer-01 print-card project/student-cards
ask 77 not_permitted "${m[@]}" user enable printer-01
ask 0 UserStatusChanged "${a[@]}" user enable printer-01
ask 0 PasswordReset "${m[@]}" password reset printer-01 <<<"$secret"
ask 0 UserRenamed "${m[@]}" user rename printer-01 printer-front
ask 0 ProfileChanged "${m[@]}" user set printer-front --department 'Front desk'
ask 0 'Front desk' "${m[@]}" user show printer-front
ask 0 printer-front "${m[@]}" user list --text example

say "Privileges project by project. Who prints a card may preview it, not the reverse."
ask 0 GrantAdded "${m[@]}" grant add printer-front print-card project/student-cards
ask 0 allowed "${m[@]}" check printer-front preview-card project/student-cards
ask 0 GrantAdded "${m[@]}" grant add printer-front preview-card project/staff-cards
ask 1 no_matching_grant "${m[@]}" check printer-front print-card project/staff-cards
ask 1 no_matching_grant "${m[@]}" check printer-front edit-records project/student-cards

say "Trash/Delete and Erase are two privileges."
ask 0 GrantAdded "${m[@]}" grant add printer-front trash-delete-records project/student-cards
ask 1 no_matching_grant "${m[@]}" check printer-front erase-records project/student-cards

say "Roles: a named set of grants, within another; a change reaches all holders at once."
ask 77 not_permitted "${m[@]}" role create operator
ask 0 RoleCreated "${a[@]}" role create operator
ask 0 RoleGrantAdded "${a[@]}" role grant operator add-records project/student-cards
ask 0 RoleCreated "${a[@]}" role create supervisor
ask 0 RoleNested "${a[@]}" role assign operator --to-role supervisor
ask 1 role_cycle "${a[@]}" role assign supervisor --to-role operator
ask 0 RoleAssigned "${m[@]}" role assign supervisor printer-front
ask 0 operator "${m[@]}" check printer-front add-records project/student-cards
ask 0 RoleGrantAdded "${a[@]}" role grant operator edit-records project/student-cards
ask 0 allowed "${m[@]}" check printer-front edit-records project/student-cards
ask 0 RoleGrantAdded "${a[@]}" role grant operator print-card project/student-cards --deny
ask 1 denied_by_grant "${m[@]}" check printer-front print-card project/student-cards
ask 1 role_in_use "${a[@]}" role delete supervisor
ask 0 printer-front "${a[@]}" who-can edit-records project/student-cards
ask 0 edit-records "${a[@]}" permissions printer-front

say "Out of use: inactive, trash, restore; deleted from the trash alone, by an administrator."
ask 0 UserStatusChanged "${m[@]}" user disable printer-front
ask 1 status_move_not_allowed "${a[@]}" user delete printer-front
ask 0 UserStatusChanged "${m[@]}" user trash printer-front
ask 1 user_not_active "${m[@]}" authenticate printer-front <<<"$secret"
ask 1 status_move_not_allowed "${m[@]}" user enable printer-front
ask 0 UserStatusChanged "${m[@]}" user restore printer-front
ask 0 UserStatusChanged "${m[@]}" user trash printer-front
ask 77 not_permitted "${m[@]}" user delete printer-front
ask 0 UserStatusChanged "${a[@]}" user delete printer-front
ask 1 user_unknown "${a[@]}" user restore printer-front
