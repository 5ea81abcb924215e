namespace WebBpf.Kernel.Syscall;

/// <summary>Which licenses may use GPL-only helpers, as license_is_gpl_compatible in linux/license.h.</summary>
internal static class License
{
    public static bool IsGplCompatible(string license) => license is "GPL" or "GPL v2" or "GPL and additional rights" or "Dual BSD/GPL" or "Dual MIT/GPL" or "Dual MPL/GPL";
}
