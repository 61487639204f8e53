#include "spec/readers.h"

#include <arpa/inet.h>
#include <string.h>

int address_read(const char *text, struct ip_address *out, struct lxcdriver_error **err)
{
    struct ip_address addr = {.family = strchr(text, ':') ? AF_INET6 : AF_INET};
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    char host[INET6_ADDRSTRLEN];
    uint64_t prefix = 0;
    uint64_t bits = addr.family == AF_INET6 ? 128 : 32;

    if (len < sizeof(host)) {
        memcpy(host, text, len);
        host[len] = '\0';
    }
    if (len >= sizeof(host) || inet_pton(addr.family, host, addr.addr) != 1)
        return err_set(err, "\"%s\" is not an IP address", text);
    if (slash && !str_to_u64(slash + 1, 1, bits, &prefix))
        return err_set(err, "\"%s\": the prefix length is not between 1 and %d", text, (int)bits);
    addr.prefix = (uint32_t)prefix;
    *out = addr;
    return 0;
}

int address_print(const struct ip_address *addr, char *text, size_t size)
{
    return inet_ntop(addr->family, addr->addr, text, (socklen_t)size) ? 0 : -1;
}
