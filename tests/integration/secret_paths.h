// Every path that a secret can take into the daemon, walked with secrets that are used once.
#pragma once

#include <string>
#include <vector>

#include "tests/integration/canaries.h"
#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

class SecretPaths : public DaemonProcess {
 public:
  /// A started daemon with all it can say in its diagnostics, and a tenant.
  SecretPaths();

  /// Commands and questions with passwords, right and wrong, over tcp and ipc.
  void send_passwords();
  /// Bytes that no message is.
  void send_malformed();
  /// Keys and sessions are made by this daemon.
  void make_keys_and_sessions();
  /// They are used; by then only this daemon's peers have said them.
  void use_keys_and_sessions();
  /// What operators can read, all of it.
  void read_everything();

  Canaries canaries;
  /// Personal, but no secret: kept sealed, told to operators.
  Canaries personal;
  /// A username: open for ever.
  std::string open_name;
  /// The same, of users made after the keys were used.
  std::vector<std::string> late_names;
  /// Whatever anybody was answered, but for the answers that are to show a secret.
  std::string heard;
  /// Of these, answers to questions, as services get them.
  std::string answers;

 private:
  struct Door {
    std::string name;
    client::Client client;
  };

  void create_open_user(std::string& name);
  std::vector<Door> doors() const;
  client::Client service() const;
  template <class Table>
  void hear(const typename Table::NativeTableType& answer, std::string& to);

  schema::ReceiptT run(client::Client& by, schema::CommandMessageT message, schema::Code expected);
  schema::AnswerT ask(client::Client& by, schema::QueryT query, schema::Code expected);
  void read(schema::HistoryBodyUnion body);

  void create_users(Door& door);
  void change_passwords(Door& door);
  void send_batches(Door& door);
  void log_in(Door& door);

  client::KeyPair service_keys_ = client::make_key_pair();
  client::KeyPair auditor_keys_ = client::make_key_pair();
  std::vector<std::string> keys_;
  std::vector<std::string> tokens_;
};

}  // namespace postern::support
