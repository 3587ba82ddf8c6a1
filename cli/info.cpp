#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "files.hpp"
#include "machine.hpp"
#include "replayrt/core/version.hpp"
#include "replayrt/load_engine.hpp"
#include "text.hpp"

namespace replayrt::cli {
namespace {

constexpr const char* kInfoFooter =
    R"(Prints the version, every backend with its devices, and for each missing backend why it is missing
and what to install.)";

using Json = nlohmann::ordered_json;

std::string info_text(const std::vector<BackendInfo>& backends) {
  std::string text = fmt::format("replayrt   {}\ncpu        {}, {} usable cores\n", kVersion,
                                 cpu_model(), usable_cores());
  for (const BackendInfo& backend : backends) {
    text += fmt::format("\n{:<10} {}\n", backend.name,
                        backend.available ? fmt::format("available, version {}", backend.version)
                                          : "not available");
    for (const std::string& device : backend.devices) {
      text += fmt::format("  device   {}\n", device);
    }
    if (!backend.available) {
      text += fmt::format("  reason   {}\n", one_line(backend.why_missing));
    }
  }
  return text;
}

std::string info_json(const std::vector<BackendInfo>& backends) {
  Json json = {{"version", kVersion},
               {"machine", {{"cpu", cpu_model()}, {"cores", usable_cores()}}},
               {"backends", Json::array()}};
  for (const BackendInfo& backend : backends) {
    json["backends"].push_back({{"name", backend.name},
                                {"available", backend.available},
                                {"version", backend.version},
                                {"devices", backend.devices},
                                {"why_missing", backend.why_missing}});
  }
  return json.dump(2) + "\n";
}

}  // namespace

Command add_info(CLI::App& program) {
  CLI::App* app =
      program.add_subcommand("info", "Show the version, the backends and their devices");
  app->footer(kInfoFooter);
  const auto as_json = std::make_shared<bool>(false);
  app->add_flag("--json", *as_json, "Print JSON");
  return {app, [as_json] {
            const std::vector<BackendInfo> backends = list_backends();
            write_stdout(*as_json ? info_json(backends) : info_text(backends));
          }};
}

}  // namespace replayrt::cli
