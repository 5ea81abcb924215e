using WebBpf.Kernel.Btf;
using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Programs;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Tests.Kernel.Structure;

/// <summary>An environment for single passes: no objects behind fds, a program type that may call three helpers.</summary>
internal static class Case
{
    public static VerifierEnv Env(params Insn[] insns) => Env(new ProgramFacts { Type = new PlainType(), GplCompatible = true }, insns);

    public static VerifierEnv Env(ProgramFacts program, params Insn[] insns) => new(new VerifierRequest
    {
        Insns = insns,
        Program = program,
        Environment = new NoObjects(),
        Log = new VerifierLog(VerifierLog.Level1 | VerifierLog.Level2),
    });

    public static Insn Mov(int dst, int imm) => new(Op.Alu64 | Op.Mov | Op.K, dst, 0, 0, imm);

    public static Insn Exit => new(Op.Jmp | Op.Exit, 0, 0, 0, 0);

    public static Insn Ja(int off) => new(Op.Jmp | Op.Ja, 0, 0, off, 0);

    public static Insn Jeq(int dst, int imm, int off) => new(Op.Jmp | Op.Jeq | Op.K, dst, 0, off, imm);

    public static Insn Call(BpfFuncId id) => new(Op.Jmp | Op.Call, 0, 0, 0, (int)id);

    public static Insn CallSubprog(int delta) => new(Op.Jmp | Op.Call, 0, Op.PseudoCall, 0, delta);

    public static Insn[] Imm64(int dst, int src, int low, int high = 0) => [new(Op.Ld | Op.Imm | Op.DW, dst, src, 0, low), new(0, 0, 0, 0, high)];

    public static Insn Spill(int off, int src) => new(Op.Stx | Op.Mem | Op.DW, Op.R10, src, off, 0);

    public static Insn Fill(int dst, int off) => new(Op.Ldx | Op.Mem | Op.DW, dst, Op.R10, off, 0);

    private sealed class NoObjects : IVerifierEnvironment
    {
        public BtfObject? VmlinuxBtf => null;

        public int Cpus => 1;

        public BpfMap? GetMap(int fd, out int error)
        {
            error = -Errno.EBADF;
            return null;
        }

        public BtfObject? GetBtf(int fd, out int error)
        {
            error = -Errno.EBADF;
            return null;
        }
    }

    internal class PlainType : ProgramTypeInfo
    {
        public override BpfProgType Type => BpfProgType.SocketFilter;

        public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => id switch
        {
            BpfFuncId.GetPrandomU32 => new HelperProto(id, RetType.Integer),
            BpfFuncId.GetSmpProcessorId => new HelperProto(id, RetType.Integer) { AllowFastcall = true },
            BpfFuncId.Loop => new HelperProto(id, RetType.Integer)
            {
                Arg1 = ArgType.Anything,
                Arg2 = ArgType.PtrToFunc,
                Arg3 = ArgType.Anything,
                Arg4 = ArgType.Anything,
            },
            BpfFuncId.MapLookupElem => new HelperProto(id, RetType.PtrToMapValue | RetType.MaybeNull) { Arg1 = ArgType.ConstMapPtr, Arg2 = ArgType.PtrToMapKey },
            _ => null,
        };

        public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access) => false;

        public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize)
        {
            targetSize = 0;
            return 0;
        }
    }
}
