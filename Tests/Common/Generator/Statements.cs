using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Tests.Common.Generator;

/// <summary>Single statements of generated programs: arithmetic, memory, calls. Most are right; some miss a check or an offset, as people do.</summary>
internal static class Statements
{
    private static readonly int[] Operations = [Op.Add, Op.Sub, Op.Mul, Op.Div, Op.Or, Op.And, Op.And, Op.Lsh, Op.Rsh, Op.Rsh, Op.Mod, Op.Xor, Op.Mov, Op.Arsh, Op.Neg, Op.End];
    private static readonly int[] Sizes = [Op.B, Op.H, Op.W, Op.DW];

    public static void Arithmetic(Draft d)
    {
        int dst = d.Number();
        int opClass = d.Chance(60) ? Op.Alu64 : Op.Alu;
        int code = d.Pick(Operations);
        bool register = d.Chance(40);
        int src = register ? d.Number() : 0;
        switch (code)
        {
            case Op.Neg:
                d.Add(new Insn(opClass | code, dst, 0, 0, 0));
                break;
            case Op.End:
                d.Add(new Insn(opClass | code | (opClass == Op.Alu && register ? Op.ToBe : 0), dst, 0, 0, d.Pick(16, 32, 64)));
                break;
            case Op.Mov when register:
                d.Add(new Insn(opClass | code | Op.X, dst, src, d.Chance(60) ? 0 : d.Pick(8, 16, opClass == Op.Alu64 ? 32 : 8), 0));
                break;
            case Op.Div or Op.Mod:
                d.Add(new Insn(opClass | code | (register ? Op.X : 0), dst, src, d.Chance(30) ? 1 : 0, register ? 0 : d.Chance(97) && d.Constant() is var by and not 0 ? by : d.Random.Next(8)));
                break;
            case Op.Lsh or Op.Rsh or Op.Arsh:
                d.Add(new Insn(opClass | code | (register ? Op.X : 0), dst, src, 0, register ? 0 : d.Random.Next(d.Chance(98) ? (opClass == Op.Alu ? 32 : 64) : 70)));
                break;
            default:
                d.Add(new Insn(opClass | code | (register ? Op.X : 0), dst, src, 0, register ? 0 : d.Constant()));
                break;
        }
    }

    /// <summary>A number that no verifier can know.</summary>
    public static void Unknown(Draft d)
    {
        int context = d.Find(Held.Context);
        int value = d.Find(Held.MapValue);
        if (value >= 0 && (context < 0 || d.Chance(50)))
        {
            int size = d.Pick(Sizes), to = d.Free();
            d.Add(new Insn(Op.Ldx | (size != Op.DW && d.Chance(25) ? Op.MemSx : Op.Mem) | size, to, value, d.Random.Next(Draft.ValueBytes / 8) * 8, 0), to, Held.Number);
        }
        else if (context >= 0)
        {
            int to = d.Free();
            // xdp: ingress_ifindex, rx_queue_index; socket buffers: len, pkt_type, mark, queue_mapping, protocol, cb[0].
            int off = d.Type == BpfProgType.Xdp ? d.Pick(12, 16) : d.Pick(0, 4, 8, 16, 48);
            if (d.Chance(3))
                off = d.Random.Next(200);
            int size = d.Chance(80) ? Op.W : d.Pick(Sizes);
            d.Add(new Insn(Op.Ldx | Op.Mem | size, to, context, off, 0), to, Held.Number);
        }
    }

    public static void Stack(Draft d)
    {
        int slot = d.Random.Next(Draft.StackBytes / 8);
        uint bit = 1u << slot;
        int off = -8 * (slot + 1);
        if (d.Chance(45) || (d.Slots & bit) == 0)
        {
            if (d.Chance(15) && d.Find(d.Pick(Held.Context, Held.MapValue, Held.Packet)) is var pointer and >= 0)
            {
                d.Add(new Insn(Op.Stx | Op.Mem | Op.DW, 10, pointer, off, 0));
                d.PointerSlots |= bit;
            }
            else
            {
                int size = d.Chance(65) ? Op.DW : d.Pick(Sizes);
                d.Add(d.Chance(30) ? new Insn(Op.St | Op.Mem | size, 10, 0, off, d.Constant()) : new Insn(Op.Stx | Op.Mem | size, 10, d.Number(), off, 0));
                if (size != Op.DW)
                    return;
                d.PointerSlots &= ~bit;
            }

            d.Slots |= bit;
            return;
        }

        int to = d.Free();
        int read = d.Chance(65) ? Op.DW : d.Pick(Sizes);
        bool pointers = (d.PointerSlots & bit) != 0;
        d.ByAccident |= pointers || (d.Slots & bit) == 0;
        int within = read == Op.DW || d.Chance(50) ? 0 : d.Random.Next(8 / Op.SizeBytes(read)) * Op.SizeBytes(read);
        d.Add(new Insn(Op.Ldx | (read != Op.DW && d.Chance(20) ? Op.MemSx : Op.Mem) | read, to, 10, off + within, 0), to, pointers ? Held.Nothing : Held.Number);
    }

    /// <summary>A pointer to the stack, also at an offset that is not known, and something through it.</summary>
    public static void StackPointer(Draft d)
    {
        int p = d.Free();
        d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, p, 10, 0, 0), p, Held.Stack);
        d.Add(new Insn(Op.Alu64 | Op.Add, p, 0, 0, -Draft.StackBytes));
        int size = d.Pick(Sizes);
        if (d.Chance(70))
        {
            int index = Bounded(d, Draft.StackBytes - 8);
            if (index == p)
                return;
            if (!d.Chance(4))
                d.Add(new Insn(Op.Alu64 | Op.And, index, 0, 0, -Op.SizeBytes(size)));
            d.Add(new Insn(Op.Alu64 | Op.Add | Op.X, p, index, 0, 0));
        }

        // What was not written before is whatever lay there.
        d.ByAccident |= d.PointerSlots != 0 || d.Slots != 0xff;
        if (d.Chance(50))
        {
            int to = d.Free();
            d.Add(new Insn(Op.Ldx | Op.Mem | size, to, p, 0, 0), to, Held.Number);
        }
        else
        {
            d.Add(new Insn(Op.Stx | Op.Mem | size, p, d.Number(), 0, 0));
        }
    }

    /// <summary>A map's value at an index that was cut to size, mostly.</summary>
    public static void Value(Draft d)
    {
        int value = d.Find(Held.MapValue);
        if (value < 0)
            return;
        int at = value;
        int size = d.Pick(Sizes);
        int bytes = Op.SizeBytes(size);
        int off = d.Random.Next((Draft.ValueBytes / bytes) + (d.Chance(3) ? 2 : 0)) * bytes;
        if (d.Chance(50))
        {
            int index = Bounded(d, Draft.ValueBytes - bytes - (d.Chance(97) ? 0 : -1));
            at = d.Free();
            if (at == index)
                return;
            d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, at, value, 0, 0), at, Held.Nothing);
            d.Add(new Insn(Op.Alu64 | (d.Chance(95) ? Op.Add : Op.Sub) | Op.X, at, index, 0, 0));
            off = 0;
        }

        Access(d, at, off, size);
    }

    public static void Packet(Draft d)
    {
        int packet = d.Find(Held.Packet);
        if (packet < 0)
            return;
        int size = d.Pick(Sizes);
        int bytes = Op.SizeBytes(size);
        int room = d.PacketRange - bytes + (d.Chance(3) ? 8 : 0);
        if (room >= 0)
            Access(d, packet, d.Random.Next(room + 1), size, write: d.Type != BpfProgType.SocketFilter);
    }

    /// <summary>A helper call that needs no more than what is there.</summary>
    public static void Call(Draft d)
    {
        switch (d.Random.Next(4))
        {
            case 0:
                Key(d, Op.R2);
                Map(d, Op.R1);
                d.Add(new Insn(Op.Jmp | Op.Call, 0, 0, 0, (int)BpfFuncId.MapDeleteElem));
                break;
            case 1:
                // The stack as a value, where it was written.
                for (int slot = 0; slot < 8; slot++)
                {
                    if ((d.Slots & (1u << slot)) == 0 && !d.Chance(3))
                        d.Add(new Insn(Op.St | Op.Mem | Op.DW, 10, 0, -8 * (slot + 1), d.Random.Next(100)));
                }

                d.Slots = 0xff;
                d.ByAccident |= d.PointerSlots != 0;
                Key(d, Op.R2);
                d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, Op.R3, 10, 0, 0));
                d.Add(new Insn(Op.Alu64 | Op.Add, Op.R3, 0, 0, -Draft.StackBytes));
                d.Add(new Insn(Op.Alu64 | Op.Mov, Op.R4, 0, 0, d.Random.Next(3)));
                Map(d, Op.R1);
                d.Add(new Insn(Op.Jmp | Op.Call, 0, 0, 0, (int)BpfFuncId.MapUpdateElem));
                break;
            case 2:
                int context = d.Find(Held.Context);
                if (context is < 6 or > 9 || d.Type == BpfProgType.Xdp)
                    return;
                int length = Bounded(d, 16);
                if (length is >= 1 and <= 3)
                    return;
                d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, Op.R4, length, 0, 0));
                if (d.Chance(90))
                    d.Add(new Insn(Op.Alu64 | Op.Add, Op.R4, 0, 0, 1));
                d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, Op.R1, context, 0, 0));
                d.Add(new Insn(Op.Alu64 | Op.Mov, Op.R2, 0, 0, d.Random.Next(20)));
                d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, Op.R3, 10, 0, 0));
                d.Add(new Insn(Op.Alu64 | Op.Add, Op.R3, 0, 0, -Draft.StackBytes));
                d.Add(new Insn(Op.Jmp | Op.Call, 0, 0, 0, (int)BpfFuncId.SkbLoadBytes));
                // Which bytes it wrote depends on the length: the slots count as they did before.
                break;
            default:
                d.Add(new Insn(Op.Jmp | Op.Call, 0, 0, 0, (int)BpfFuncId.GetNumaNodeId));
                break;
        }

        d.Clobber();
        d.Regs[0] = Held.Number;
    }

    /// <summary>Copies a pointer or a number.</summary>
    public static void Copy(Draft d)
    {
        int from = d.Random.Next(10), to = d.Free();
        if (d.Regs[from] == Held.Nothing && !d.Chance(2))
            return;
        d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, to, from, 0, 0), to, d.Regs[from]);
    }

    /// <summary>An atomic operation on the stack or a value.</summary>
    public static void Atomic(Draft d)
    {
        int value = d.Find(Held.MapValue);
        bool stack = value < 0 || d.Chance(50);
        if (stack && (d.Slots & 1) == 0)
            return;
        int operation = d.Pick(Op.Add, Op.Or, Op.And, Op.Xor, Op.Add | Op.Fetch, Op.Or | Op.Fetch, Op.Xchg, Op.Cmpxchg);
        if (operation == Op.Cmpxchg && d.Regs[0] != Held.Number)
            return;
        int source = d.Number();
        d.ByAccident |= stack && (d.PointerSlots & 1) != 0;
        d.Add(new Insn(Op.Stx | Op.Atomic | d.Pick(Op.W, Op.DW), stack ? 10 : value, source, stack ? -8 : 0, operation));
    }

    /// <summary>A register with a number in [0, max], by one of the ways to get there; seldom not quite.</summary>
    public static int Bounded(Draft d, int max)
    {
        if (d.Chance(60))
            Unknown(d);
        int r = d.Number();
        int mask = 1;
        while (mask * 2 <= max)
            mask *= 2;
        switch (d.Random.Next(5))
        {
            case 0 or 1:
                d.Add(new Insn((d.Chance(70) ? Op.Alu64 : Op.Alu) | Op.And, r, 0, 0, mask - 1));
                break;
            case 2:
                d.Add(new Insn(Op.Alu | Op.Mod, r, 0, 0, max));
                break;
            case 3:
                d.Add(new Insn(Op.Alu | Op.Rsh, r, 0, 0, 27));
                break;
            default:
                // Cut off at max by a branch over a constant.
                int opClass = d.Chance(70) ? Op.Jmp : Op.Jmp32;
                d.Add(new Insn(opClass | (d.Chance(90) ? Op.Jle : Op.Jsle), r, 0, 1, max));
                d.Add(new Insn((opClass == Op.Jmp32 ? Op.Alu : Op.Alu64) | Op.Mov, r, 0, 0, d.Random.Next(max + 1)));
                break;
        }

        return r;
    }

    /// <summary>A key on the stack: r = its address.</summary>
    public static void Key(Draft d, int r)
    {
        int off = -Draft.StackBytes - 8;
        if (d.Chance(70))
            d.Add(new Insn(Op.St | Op.Mem | Op.W, 10, 0, off, d.Random.Next(6)));
        else
            d.Add(new Insn(Op.Stx | Op.Mem | Op.W, 10, d.Number(), off, 0));
        d.Add(new Insn(Op.Alu64 | Op.Mov | Op.X, r, 10, 0, 0), r, Held.Nothing);
        d.Add(new Insn(Op.Alu64 | Op.Add, r, 0, 0, off));
    }

    /// <summary>r = one of the maps (by its number, to be replaced by an fd).</summary>
    public static void Map(Draft d, int r)
    {
        d.Add(new Insn(Op.Ld | Op.Imm | Op.DW, r, Op.PseudoMapFd, 0, d.Random.Next(2)), r, Held.Nothing);
        d.Add(default);
    }

    private static void Access(Draft d, int pointer, int off, int size, bool write = true)
    {
        if (write && d.Chance(40))
        {
            if (d.Chance(50))
                d.Add(new Insn(Op.St | Op.Mem | size, pointer, 0, off, d.Constant()));
            else
                d.Add(new Insn(Op.Stx | Op.Mem | size, pointer, d.Number(), off, 0));
            return;
        }

        int to = d.Free();
        d.Add(new Insn(Op.Ldx | (size != Op.DW && d.Chance(20) ? Op.MemSx : Op.Mem) | size, to, pointer, off, 0), to, Held.Number);
    }
}
