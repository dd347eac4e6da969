// ChartFetcher::Locate: what a user's name for a chart means.
#include <sys/stat.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/fetch/fetcher.h"
#include "src/go_text.h"
#include "weir/base/file.h"
#include "weir/base/status.h"
#include "weir/helm/oci_charts.h"
#include "weir/helm/provenance.h"
#include "weir/helm/url.h"

namespace weir::helm {
namespace {

// A chart beside which there is its provenance.
absl::Status VerifyLocal(const FetchOptions& options, const std::string& path,
                         bool is_folder) {
  if (is_folder) {
    return absl::InvalidArgumentError("unpacked charts cannot be verified");
  }
  if (!absl::EndsWithIgnoreCase(path, ".tgz")) {
    return absl::InvalidArgumentError("chart must be a tgz file");
  }
  const std::string beside = absl::StrCat(path, ".prov");
  struct stat info;
  if (stat(beside.c_str(), &info) != 0) {
    return absl::NotFoundError(absl::StrCat("could not load provenance file ",
                                            beside, ": stat ", beside,
                                            ": no such file or directory"));
  }
  WEIR_ASSIGN_OR_RETURN(
      const std::string archive,
      ReadFile(path, static_cast<size_t>(options.max_chart_bytes)),
      "failed to read chart archive");
  WEIR_ASSIGN_OR_RETURN(const std::string provenance, ReadFile(beside),
                        "failed to read provenance file");
  return VerifyProvenance(archive, provenance, BaseName(path), options.keyring);
}

}  // namespace

absl::StatusOr<FoundChart> ChartFetcher::Locate(const Context& ctx,
                                                const std::string& given) {
  const FetchOptions& options = impl_->options;
  const std::string name(absl::StripAsciiWhitespace(given));
  const std::string version(absl::StripAsciiWhitespace(options.version));
  if (options.repository_url.empty()) {
    struct stat info;
    if (stat(name.c_str(), &info) == 0) {
      std::error_code error;
      FoundChart found;
      found.path =
          std::filesystem::absolute(name, error).lexically_normal().string();
      if (options.verify) {
        WEIR_RETURN_IF_ERROR(
            VerifyLocal(options, found.path, S_ISDIR(info.st_mode)));
      }
      return found;
    }
    if (absl::StartsWith(name, "/") || absl::StartsWith(name, ".")) {
      return absl::NotFoundError(
          absl::StrCat("path ", GoQuote(name), " not found"));
    }
  }
  Impl::Archive archive;
  if (options.repository_url.empty() && absl::StartsWith(name, kOciScheme) &&
      name != kOciScheme) {
    WEIR_ASSIGN_OR_RETURN(archive,
                          impl_->FetchOci(ctx, name, version, options.verify));
  } else {
    Impl::Location location;
    if (options.repository_url.empty()) {
      WEIR_ASSIGN_OR_RETURN(location,
                            impl_->Resolve(name, version, "", options.access));
    } else {
      std::string digest;
      WEIR_ASSIGN_OR_RETURN(
          const std::string url,
          impl_->FindInRepository(ctx, name, version, options.repository_url,
                                  options.access, &digest));
      WEIR_ASSIGN_OR_RETURN(
          location,
          impl_->Resolve(url, version, options.repository_url, options.access));
      location.digest = std::move(digest);
    }
    WEIR_ASSIGN_OR_RETURN(archive, impl_->Fetch(ctx, location, options.verify));
  }
  if (options.verify) {
    WEIR_RETURN_IF_ERROR(VerifyProvenance(archive.bytes, archive.provenance,
                                          archive.file_name, options.keyring));
  }
  FoundChart found;
  found.is_fetched = true;
  found.path = impl_->ToCache(archive.bytes);
  if (found.path.empty()) found.path = archive.file_name;
  found.archive = std::move(archive.bytes);
  return found;
}

}  // namespace weir::helm
