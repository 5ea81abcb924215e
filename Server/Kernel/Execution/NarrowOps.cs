using System.Runtime.CompilerServices;

namespace WebBpf.Kernel.Execution;

/// <summary>
/// 32-bit operations of BPF (RFC 9669, section 4.1) whose machine instructions want certain registers. Compiled code calls them instead of emitting
/// them: RyuJIT reads a narrowed 64-bit local as a 32-bit variable, and where the allocator has to move such a variable out of RAX, RDX or RCX it
/// moves 32 bits and goes on with the copy, so that the upper half of a BPF register gets lost. A call's arguments are never moved like that.
/// </summary>
public static class NarrowOps
{
    /// <summary>x / 0 = 0.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint Divide(uint dividend, uint divisor) => divisor == 0 ? 0 : dividend / divisor;

    /// <summary>x % 0 = x.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint Remainder(uint dividend, uint divisor) => divisor == 0 ? dividend : dividend % divisor;

    /// <summary>x / 0 = 0; the most negative number divided by -1 wraps, where the processor would trap.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int SignedDivide(int dividend, int divisor) => divisor switch
    {
        0 => 0,
        -1 => -dividend,
        _ => dividend / divisor,
    };

    /// <summary>x % 0 = x; x % -1 = 0.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int SignedRemainder(int dividend, int divisor) => divisor switch
    {
        0 => dividend,
        -1 => 0,
        _ => dividend % divisor,
    };

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint ShiftLeft(uint value, uint count) => value << (int)(count & 31);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint ShiftRight(uint value, uint count) => value >> (int)(count & 31);

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static int ShiftRightSigned(int value, uint count) => value >> (int)(count & 31);
}
