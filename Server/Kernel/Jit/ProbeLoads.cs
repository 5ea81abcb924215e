using System.Reflection;
using System.Runtime.CompilerServices;

namespace WebBpf.Kernel.Jit;

/// <summary>
/// Loads that must not fault (BPF_PROBE_MEM): outside the sandbox they give 0, as the kernel's exception table does for a bad address.
/// Called by compiled code.
/// </summary>
public static unsafe class ProbeLoads
{
    /// <summary>Modes of class LDX that rewrites put in (linux/filter.h).</summary>
    public const int ProbeMem = 0x20;
    public const int ProbeMemSx = 0x40;

    private const ulong Length = 1UL << 32;

    /// <summary>The function that loads so many bytes: <c>ulong (ulong start of the sandbox, ulong address)</c>.</summary>
    public static MethodInfo Method(int bytes, bool signed) =>
        typeof(ProbeLoads).GetMethod((signed ? "Signed" : "Unsigned") + bytes)!;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Unsigned1(ulong start, ulong address) => address - start <= Length - 1 ? *(byte*)address : 0ul;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Unsigned2(ulong start, ulong address) => address - start <= Length - 2 ? *(ushort*)address : 0ul;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Unsigned4(ulong start, ulong address) => address - start <= Length - 4 ? *(uint*)address : 0ul;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Unsigned8(ulong start, ulong address) => address - start <= Length - 8 ? *(ulong*)address : 0ul;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Signed1(ulong start, ulong address) => address - start <= Length - 1 ? (ulong)*(sbyte*)address : 0ul;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Signed2(ulong start, ulong address) => address - start <= Length - 2 ? (ulong)*(short*)address : 0ul;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Signed4(ulong start, ulong address) => address - start <= Length - 4 ? (ulong)*(int*)address : 0ul;
}
