#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/package/package_files.hpp"
#include "replayrt/models/model_package.hpp"

namespace replayrt::models {

/// local_trt_package_manifest.json, as far as it concerns the package's own files.
struct Manifest {
  struct File {
    std::string handle;  ///< A plain file name, one of those that such a package may have.
    std::string md5;     ///< 32 lower case hexadecimal digits.
    std::string key;     ///< Where the manifest says so, for messages.
  };
  std::vector<File> files;
};

/// Whatever is wrong with the manifest is added to `problems`, and left out of what is returned.
Manifest parse_manifest(std::string_view text, std::vector<PackageProblem>& problems);

/// Reports each file that is not as the manifest says.
void verify_files(const Manifest& manifest, const PackageFiles& files,
                  std::vector<PackageProblem>& problems);

}  // namespace replayrt::models
