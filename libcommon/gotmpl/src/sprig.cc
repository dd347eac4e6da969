#include "rows.h"

namespace weir::gotmpl {

void AddSprig(FunctionTable& table) {
  AddStrings(table);
  AddLists(table);
  AddDicts(table);
  AddNumbers(table);
  AddDates(table);
  AddEncodings(table);
  AddJson(table);
  AddRegexps(table);
  AddFlow(table);
  AddVersions(table);
  AddPaths(table);
  AddUrls(table);
  AddRandom(table);
  AddCrypto(table);
}

}  // namespace weir::gotmpl
