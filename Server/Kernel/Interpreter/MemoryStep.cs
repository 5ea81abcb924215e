using WebBpf.Kernel.Execution;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Memory;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Interpreter;

/// <summary>
/// Loads, stores and atomics (RFC 9669, sections 5.2 and 5.3). Every address is masked into the sandbox; loads that must not fault
/// (BPF_PROBE_MEM) give 0 outside it.
/// </summary>
internal static unsafe class MemoryStep
{
    // Modes that only rewrites use, in class LDX (linux/filter.h): they share numbers with ABS and IND of class LD.
    public const int ProbeMem = 0x20;
    public const int ProbeMemSx = 0x40;

    public static void Load(in Insn insn, InsnFlags flags, BpfMemory memory, ulong* r)
    {
        ulong address = r[insn.Src] + (ulong)insn.Off;
        int mode = Op.Mode(insn.Code);
        if (((flags & InsnFlags.ProbeMem) != 0 || mode is ProbeMem or ProbeMemSx) && !memory.Contains(address, (ulong)Op.SizeBytes(insn.Code)))
        {
            r[insn.Dst] = 0;
            return;
        }

        byte* at = memory.Resolve(address);
        bool signed = mode is Op.MemSx or ProbeMemSx;
        r[insn.Dst] = Op.SizeField(insn.Code) switch
        {
            Op.B => signed ? (ulong)*(sbyte*)at : *at,
            Op.H => signed ? (ulong)*(short*)at : *(ushort*)at,
            Op.W => signed ? (ulong)*(int*)at : *(uint*)at,
            _ => *(ulong*)at,
        };
    }

    public static void Store(in Insn insn, BpfMemory memory, ulong* r)
    {
        byte* at = memory.Resolve(r[insn.Dst] + (ulong)insn.Off);
        ulong value = insn.Class == Op.St ? (ulong)insn.Imm : r[insn.Src];
        switch (Op.SizeField(insn.Code))
        {
            case Op.B:
                *at = (byte)value;
                break;
            case Op.H:
                *(ushort*)at = (ushort)value;
                break;
            case Op.W:
                *(uint*)at = (uint)value;
                break;
            default:
                *(ulong*)at = value;
                break;
        }
    }

    public static void Atomic(in Insn insn, BpfMemory memory, ulong* r)
    {
        if (insn.Imm == Op.LoadAcquire)
        {
            r[insn.Dst] = AtomicOps.LoadAcquire(memory.Resolve(r[insn.Src] + (ulong)insn.Off), Op.SizeBytes(insn.Code));
            return;
        }

        byte* at = memory.Resolve(r[insn.Dst] + (ulong)insn.Off);
        ulong value = r[insn.Src];
        bool wide = Op.SizeField(insn.Code) == Op.DW;
        ulong old;
        switch (insn.Imm & ~Op.Fetch)
        {
            case Op.Add:
                old = wide ? AtomicOps.Add64(at, value) : AtomicOps.Add32(at, value);
                break;
            case Op.And:
                old = wide ? AtomicOps.And64(at, value) : AtomicOps.And32(at, value);
                break;
            case Op.Or:
                old = wide ? AtomicOps.Or64(at, value) : AtomicOps.Or32(at, value);
                break;
            case Op.Xor:
                old = wide ? AtomicOps.Xor64(at, value) : AtomicOps.Xor32(at, value);
                break;
            case Op.Xchg & ~Op.Fetch:
                old = wide ? AtomicOps.Xchg64(at, value) : AtomicOps.Xchg32(at, value);
                break;
            case Op.Cmpxchg & ~Op.Fetch:
                // The old value goes to R0, not to the source register.
                r[0] = wide ? AtomicOps.Cmpxchg64(at, value, r[0]) : AtomicOps.Cmpxchg32(at, value, r[0]);
                return;
            default:
                AtomicOps.StoreRelease(at, Op.SizeBytes(insn.Code), value);
                return;
        }

        if ((insn.Imm & Op.Fetch) != 0)
            r[insn.Src] = old;
    }
}
