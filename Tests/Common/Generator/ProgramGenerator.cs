using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Tests.Common.Generator;

/// <param name="Type">socket_filter, xdp or sched_cls.</param>
/// <param name="Insns">Map loads carry the number of a map (0: array, 1: hash, 2: ring buffer) where an fd belongs.</param>
/// <param name="ByAccident">What it computes depends on addresses or time.</param>
internal sealed record GeneratedProgram(BpfProgType Type, Insn[] Insns, bool ByAccident)
{
    /// <summary>The program with a kernel's own fds.</summary>
    public Insn[] With(ReadOnlySpan<int> fds)
    {
        var insns = (Insn[])Insns.Clone();
        for (int i = 0; i < insns.Length; i++)
        {
            if (!insns[i].IsLdImm64)
                continue;
            if (insns[i].Src == Op.PseudoMapFd)
                insns[i] = insns[i] with { Imm = fds[insns[i].Imm] };
            i++;
        }

        return insns;
    }
}

/// <summary>
/// Programs such as people write, by chance: arithmetic, branches, loops, packets, maps, the stack, calls. Most of them are right, so that a verifier must look at all
/// of their paths. The same seed gives the same program.
/// </summary>
internal static class ProgramGenerator
{
    private const int MostDepth = 3;

    public static GeneratedProgram Next(int seed)
    {
        var random = new Random(seed);
        BpfProgType type = random.Next(3) switch { 0 => BpfProgType.SocketFilter, 1 => BpfProgType.Xdp, _ => BpfProgType.SchedCls };
        var main = new Draft(type, random);
        main.Regs[1] = Held.Context;
        if (main.Chance(90))
            main.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, 6, 1, 0, 0), 6, Held.Context);
        int functions = main.Chance(30) ? random.Next(1, 3) : 0;
        Block(main, random.Next(4, 40), 0, functions);
        Finish(main);
        bool shows = main.ByAccident;
        var insns = new List<Insn>(main.Insns);
        for (int f = 0; f < functions; f++)
        {
            if (!insns.Exists(i => i.Code == (Op.Jmp | Op.Call) && i.Src == Op.PseudoCall && i.Off == f + 1))
                continue;
            int start = insns.Count;
            var callee = new Draft(type, random);
            callee.Regs[1] = callee.Regs[2] = Held.Number;
            Block(callee, random.Next(3, 15), 1, 0);
            Finish(callee);
            insns.AddRange(callee.Insns);
            shows |= callee.ByAccident;
            for (int i = 0; i < start; i++)
            {
                if (insns[i].Code == (Op.Jmp | Op.Call) && insns[i].Src == Op.PseudoCall && insns[i].Off == f + 1)
                    insns[i] = insns[i] with { Off = 0, Imm = start - i - 1 };
            }
        }

        return new GeneratedProgram(type, [.. insns], shows);
    }

    private static void Finish(Draft d)
    {
        int ringbuf = d.Find(Held.Ringbuf);
        if (ringbuf >= 0 && !d.Chance(5))
            Submit(d, ringbuf);
        if (d.Regs[0] != Held.Number)
            d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, 0, d.Number(), 0, 0), 0, Held.Number);
        d.Add(new Insn(Op.Jmp | Op.Exit, 0, 0, 0, 0));
    }

    private static void Block(Draft d, int statements, int depth, int functions)
    {
        for (int i = 0; i < statements && d.Insns.Count < 400; i++)
        {
            int kind = d.Random.Next(100);
            // A record is sent before the ways part.
            if (kind >= 77 && d.Find(Held.Ringbuf) is var record and >= 0 && d.Chance(96))
                Submit(d, record);
            if (kind < 28)
                Statements.Arithmetic(d);
            else if (kind < 38)
                Statements.Unknown(d);
            else if (kind < 50)
                Statements.Stack(d);
            else if (kind < 54)
                Statements.StackPointer(d);
            else if (kind < 62)
                Statements.Value(d);
            else if (kind < 68)
                Statements.Packet(d);
            else if (kind < 71)
                Statements.Copy(d);
            else if (kind < 74)
                Statements.Atomic(d);
            else if (kind < 77)
                Statements.Call(d);
            else if (kind < 80 && functions > 0)
                Call(d, functions);
            else if (kind < 84)
                Lookup(d, depth, functions);
            else if (kind < 88)
                PacketCheck(d);
            else if (kind < 90)
                Reserve(d);
            else if (kind < 97 && depth < MostDepth)
                Branch(d, depth, functions);
            else if (depth < MostDepth)
                Loop(d, depth, functions);
        }
    }

    private static void Branch(Draft d, int depth, int functions)
    {
        int jump = d.Insns.Count;
        int left = d.Number();
        bool register = d.Chance(35);
        int right = register ? d.Number() : 0;
        jump = d.Insns.Count;
        d.Add(new Insn((d.Chance(65) ? Op.Jmp : Op.Jmp32) | Condition(d) | (register ? Op.X : 0), left, right, 0, register ? 0 : d.Constant()));
        var before = d.Save();
        Block(d, d.Random.Next(1, 6), depth + 1, functions);
        if (d.Chance(40))
        {
            int over = d.Insns.Count;
            d.Add(new Insn(Op.Jmp | Op.Ja, 0, 0, 0, 0));
            d.Land(jump);
            var then = d.Save();
            d.Restore(before);
            Block(d, d.Random.Next(1, 5), depth + 1, functions);
            d.Land(over);
            d.Join(then);
        }
        else
        {
            d.Land(jump);
            d.Join(before);
        }
    }

    // A counter in R9 that counts up or down, or one in memory; seldom without an end.
    private static void Loop(Draft d, int depth, int functions)
    {
        if (d.Regs[9] == Held.Number && depth > 0)
            return;
        bool mayGoto = d.Chance(20);
        bool up = d.Chance(50);
        int rounds = d.Random.Next(1, 12);
        d.Add(new Insn(Op.Alu64 | Op.Mov, 9, 0, 0, up ? 0 : rounds), 9, Held.Number);
        var before = d.Save();
        int start = d.Insns.Count;
        Block(d, d.Random.Next(1, 5), MostDepth, 0);
        for (int r = 0; r < 10; r++)
        {
            // What the next round finds must be what this one found.
            if (before.Regs[r] == Held.Number && d.Regs[r] != Held.Number)
                d.Add(new Insn(Op.Alu64 | Op.Mov, r, 0, 0, 0), r, Held.Number);
            else if (before.Regs[r] != d.Regs[r])
                d.Regs[r] = Held.Nothing;
        }

        d.Add(new Insn(Op.Alu64 | Op.Add, 9, 0, 0, up ? 1 : -1));
        if (mayGoto)
            d.Add(new Insn(Op.Jmp | Op.Jcond, 0, 0, 1, 0));
        int back = start - d.Insns.Count - 1;
        int end = d.Random.Next(4);
        // A loop that only may_goto ends takes as long as the machine lets it.
        d.ByAccident |= mayGoto && end == 0;
        d.Add(end switch
        {
            0 when mayGoto => new Insn(Op.Jmp | Op.Ja, 0, 0, back, 0),
            1 => new Insn(Op.Jmp | (up ? Op.Jlt : Op.Jsgt), 9, 0, back, up ? rounds : 0),
            2 => new Insn(Op.Jmp32 | (up ? Op.Jlt : Op.Jgt), 9, 0, back, up ? rounds : 0),
            _ => new Insn(Op.Jmp | Op.Jne, 9, 0, back, up ? rounds : 0),
        });
        d.Join(before);
    }

    private static void Call(Draft d, int functions)
    {
        d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, 1, d.Number(), 0, 0), 1, Held.Number);
        d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, 2, d.Number(), 0, 0), 2, Held.Number);
        d.Add(new Insn(Op.Jmp | Op.Call, 0, Op.PseudoCall, d.Random.Next(functions) + 1, 0));
        d.Clobber();
        d.Regs[0] = Held.Number;
    }

    private static void Lookup(Draft d, int depth, int functions)
    {
        Statements.Key(d, Op.R2);
        Statements.Map(d, Op.R1);
        d.Add(new Insn(Op.Jmp | Op.Call, 0, 0, 0, (int)BpfFuncId.MapLookupElem));
        d.Clobber();
        d.Regs[0] = Held.MapValueOrNull;
        if (d.Chance(40))
        {
            int keep = d.Random.Next(7, 9);
            d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, keep, 0, 0, 0), keep, Held.MapValueOrNull);
        }

        if (d.Chance(3))
            return;
        bool leave = d.Chance(30);
        int jump = d.Insns.Count;
        d.Add(new Insn(Op.Jmp | (leave ? Op.Jne : Op.Jeq), 0, 0, 0, 0));
        if (leave)
        {
            // if (!value) return 0;
            d.Add(new Insn(Op.Alu64 | Op.Mov, 0, 0, 0, 0));
            d.Add(new Insn(Op.Jmp | Op.Exit, 0, 0, 0, 0));
            d.Land(jump);
            Found(d);
            return;
        }

        var before = d.Save();
        Found(d);
        Block(d, d.Random.Next(1, 6), Math.Min(depth + 1, MostDepth), functions);
        d.Land(jump);
        d.Join(before);
        for (int r = 0; r < 10; r++)
        {
            if (d.Regs[r] is Held.MapValueOrNull or Held.MapValue && before.Regs[r] == Held.MapValueOrNull)
                d.Regs[r] = Held.Nothing;
        }
    }

    private static void Found(Draft d)
    {
        for (int r = 0; r < 10; r++)
        {
            if (d.Regs[r] == Held.MapValueOrNull)
                d.Regs[r] = Held.MapValue;
        }
    }

    private static void PacketCheck(Draft d)
    {
        int context = d.Find(Held.Context);
        if (context < 0 || d.Type == BpfProgType.SocketFilter)
            return;
        (int data, int end) = d.Type == BpfProgType.Xdp ? (0, 4) : (76, 80);
        d.Add(new Insn(Op.Ldx | Op.Mem | Op.W, 7, context, data, 0), 7, Held.Packet);
        if (context == 7)
            return;
        d.Add(new Insn(Op.Ldx | Op.Mem | Op.W, 8, context, end, 0), 8, Held.PacketEnd);
        if (context == 8)
            return;
        int range = d.Random.Next(1, 40);
        int probe = d.Random.Next(1, 4);
        d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, probe, 7, 0, 0), probe, Held.Nothing);
        if (d.Chance(30))
        {
            int index = Statements.Bounded(d, 31);
            if (index == probe || d.Regs[7] != Held.Packet || d.Regs[8] != Held.PacketEnd)
                return;
            d.Add(new Insn(Op.Alu64 | Op.Add | Op.X, probe, index, 0, 0));
            d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, 7, probe, 0, 0));
        }

        d.Add(new Insn(Op.Alu64 | Op.Add, probe, 0, 0, range));
        int jump = d.Insns.Count;
        bool greater = d.Chance(50);
        d.Add(new Insn(Op.Jmp | (greater ? d.Pick(Op.Jgt, Op.Jge) : d.Pick(Op.Jle, Op.Jlt)) | Op.X, probe, 8, greater ? 0 : 2, 0));
        if (greater)
        {
            int over = d.Insns.Count;
            d.Add(new Insn(Op.Jmp | Op.Ja, 0, 0, 0, 0));
            d.Land(jump);
            d.Add(new Insn(Op.Alu64 | Op.Mov, 0, 0, 0, 1));
            d.Add(new Insn(Op.Jmp | Op.Exit, 0, 0, 0, 0));
            d.Land(over);
        }
        else
        {
            d.Add(new Insn(Op.Alu64 | Op.Mov, 0, 0, 0, 1));
            d.Add(new Insn(Op.Jmp | Op.Exit, 0, 0, 0, 0));
        }

        d.PacketRange = range;
    }

    private static void Reserve(Draft d)
    {
        if (d.Find(Held.Ringbuf) >= 0)
        {
            if (d.Chance(50))
                Submit(d, d.Find(Held.Ringbuf));
            return;
        }

        d.Add(new Insn(Op.Ld | Op.Imm | Op.DW, 1, Op.PseudoMapFd, 0, 2));
        d.Add(default);
        d.Add(new Insn(Op.Alu64 | Op.Mov, 2, 0, 0, Draft.ValueBytes));
        d.Add(new Insn(Op.Alu64 | Op.Mov, 3, 0, 0, 0));
        d.Add(new Insn(Op.Jmp | Op.Call, 0, 0, 0, (int)BpfFuncId.RingbufReserve));
        d.Clobber();
        d.Regs[0] = Held.RingbufOrNull;
        d.Add(new Insn(Op.Jmp | Op.Jne, 0, 0, 2, 0));
        d.Add(new Insn(Op.Alu64 | Op.Mov, 0, 0, 0, 2));
        d.Add(new Insn(Op.Jmp | Op.Exit, 0, 0, 0, 0));
        int keep = d.Random.Next(6, 9);
        d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, keep, 0, 0, 0), keep, Held.Ringbuf);
        d.Regs[0] = Held.Nothing;
        d.Add(new Insn(Op.St | Op.Mem | Op.DW, keep, 0, d.Random.Next(d.Chance(96) ? 5 : 8) * 8, 7));
    }

    private static void Submit(Draft d, int register)
    {
        d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, 1, register, 0, 0));
        d.Add(new Insn(Op.Alu64 | Op.Mov, 2, 0, 0, 0));
        d.Add(new Insn(Op.Jmp | Op.Call, 0, 0, 0, (int)d.Pick(BpfFuncId.RingbufSubmit, BpfFuncId.RingbufDiscard)));
        d.Clobber();
        d.Regs[0] = Held.Nothing;
        for (int r = 0; r < 10; r++)
        {
            if (d.Regs[r] == Held.Ringbuf)
                d.Regs[r] = Held.Nothing;
        }
    }

    private static int Condition(Draft d) => d.Pick(Op.Jeq, Op.Jgt, Op.Jge, Op.Jset, Op.Jne, Op.Jsgt, Op.Jsge, Op.Jlt, Op.Jle, Op.Jslt, Op.Jsle);
}
