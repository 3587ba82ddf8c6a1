#include <csignal>

#include "command.hpp"
#include "program.hpp"

int main(int argc, char** argv) {
  // A reader that goes away (`| head`) must not kill a command that still has files to write, and a
  // limit on file sizes must not kill one that has a half-written file to take away.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  return replayrt::cli::run_program(argc, argv, replayrt::cli::add_commands);
}
