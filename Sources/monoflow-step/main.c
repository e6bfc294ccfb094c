#include "step.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "run") == 0) return run_main(argc, argv);
    if (argc > 1 && strcmp(argv[1], "init") == 0) return init_main(argc, argv);
    if (argc > 1 && strcmp(argv[1], "network") == 0) return network_main(argc, argv);
    fputs("usage: monoflow-step run --dir D --log F [--log-limit BYTES] [--deadline S] [--grace S]"
          " [--cgroup PATH]… [--overlay DIR]"
          " [--network PID:NET:USER --network-lock FILE] -- COMMAND…\n"
          "       monoflow-step init [--supervised] [--uid N --gid N] [--map-root] [--filter] [--read PATH]… [--write PATH]… [--nofile N] [--nproc N]"
          " [--data BYTES] [--fsize BYTES] [--chdir D] -- COMMAND…\n"
          "       monoflow-step network --dir D --port N\n", stderr);
    return RUN_USAGE;
}
