// What `user create` and `user set` have in common: the options of profile (U3), note (U4) and
// settings (N2, N4, N5, S1, L1).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "command_generated.h"
#include "tools/arguments/options.h"

namespace postern::cli {

/// Moves with its command, never apart from it.
class ProfileOptions {
 public:
  enum class Of { new_user, present_user };
  /// Of a present user, what is there can be cleared too.
  ProfileOptions(arguments::Options& options, Of of);

  /// Anything but the note.
  bool any_of_profile() const;
  bool any_of_note() const { return !note_->empty() || clears(note_name); }
  /// 64 where an attribute is not NAME=VALUE.
  std::unique_ptr<schema::ProfileT> profile() const;
  const std::string& note() const { return *note_; }
  /// The same, with what is cleared; 64 where a field is both set and cleared.
  schema::SetProfileT change() const;

 private:
  static constexpr const char* note_name = "note";
  bool clears(std::string_view name) const;

  std::shared_ptr<schema::ProfileT> profile_ = std::make_shared<schema::ProfileT>();
  std::shared_ptr<std::vector<std::string>> attributes_ =
      std::make_shared<std::vector<std::string>>();
  std::shared_ptr<std::string> note_ = std::make_shared<std::string>();
  std::shared_ptr<std::vector<std::string>> cleared_ = std::make_shared<std::vector<std::string>>();
};

class SettingsOptions {
 public:
  explicit SettingsOptions(arguments::Options& options);

  bool any() const;
  schema::SetUserSettingsT change() const;
  /// Of a new user.
  std::unique_ptr<schema::UserSettingsT> settings() const;

 private:
  struct Typed {
    std::string networks;
    std::string skip_ip_check;
    std::string require_tls;
    std::string session_timeout;
    std::string api_logging;
  };

  std::shared_ptr<Typed> typed_ = std::make_shared<Typed>();
};

}  // namespace postern::cli
