// What the settings of the daemon come to for its services and its sockets.
#pragma once

#include <array>
#include <filesystem>
#include <span>

#include "daemon/config.h"
#include "daemon/data/data_folder.h"
#include "daemon/platform/clock.h"
#include "daemon/running/services.h"
#include "daemon/transport/endpoint.h"

namespace postern::running {

/// Hashes one password, to know what that takes here.
Services::Settings service_settings(const Config& config, const data::OpenedData& data,
                                    const platform::Clock& clock);

/// Of commands, queries and history, in this order.
std::array<transport::EndpointOptions, 3> endpoint_options(const Config& config,
                                                           const std::filesystem::path& sockets,
                                                           std::span<const std::byte> curve_secret);

/// The I/O threads as urgent as what they carry; once the context has started.
void schedule_io_threads();

/// K1.
domain::CommandIds::Window id_window(const Config& config);

/// An IPv6 address in brackets, as addresses with a port have it.
std::string with_port(const std::string& address, unsigned port);

}  // namespace postern::running
