using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Tests.Common.Generator;

/// <summary>What the generator believes a register to hold.</summary>
internal enum Held
{
    Nothing,
    Number,
    Context,
    Packet,
    PacketEnd,
    MapValueOrNull,
    MapValue,
    Stack,
    RingbufOrNull,
    Ringbuf,
}

/// <summary>A program while it is being written: instructions, and what its writer believes of registers and stack.</summary>
/// <param name="type">Program type, for offsets in the context.</param>
/// <param name="random">Where all choices come from.</param>
internal sealed class Draft(BpfProgType type, Random random)
{
    public const int StackBytes = 64;

    /// <summary>Sizes of the maps' values, in bytes, and of a ring buffer's record.</summary>
    public const int ValueBytes = 48;

    public List<Insn> Insns { get; } = [];

    public BpfProgType Type { get; } = type;

    public Random Random { get; } = random;

    public Held[] Regs { get; private set; } = new Held[11];

    /// <summary>Bytes of the packet that were compared with its end.</summary>
    public int PacketRange { get; set; }

    /// <summary>A bit for each stack slot of 8 bytes that was written.</summary>
    public uint Slots { get; set; }

    /// <summary>A bit for each slot that holds a pointer.</summary>
    public uint PointerSlots { get; set; }

    /// <summary>A pointer's bits may have become part of a number, or the time that passed: results are not the program's alone.</summary>
    public bool ByAccident { get; set; }

    public bool Chance(int percent) => Random.Next(100) < percent;

    public T Pick<T>(params ReadOnlySpan<T> from) => from[Random.Next(from.Length)];

    public void Add(Insn insn) => Insns.Add(insn);

    public void Add(Insn insn, int dst, Held held)
    {
        Insns.Add(insn);
        Regs[dst] = held;
    }

    /// <summary>A register that holds this, or -1.</summary>
    public int Find(Held held)
    {
        int start = Random.Next(10);
        for (int i = 0; i < 10; i++)
        {
            int r = (start + i) % 10;
            if (Regs[r] == held)
                return r;
        }

        return -1;
    }

    /// <summary>A register for something new: seldom the one with the context or a loop's counter.</summary>
    public int Free()
    {
        while (true)
        {
            int r = Random.Next(9);
            if (Regs[r] != Held.Context || Chance(3))
                return r;
        }
    }

    /// <summary>A register with a number; makes one where there is none.</summary>
    public int Number()
    {
        int r = Find(Held.Number);
        if (r >= 0 && !Chance(2))
            return r;
        r = Chance(97) || Find(Held.Nothing) < 0 ? Free() : Find(Held.Nothing);
        Add(new Insn(Op.Alu64 | Op.Mov, r, 0, 0, Constant()), r, Held.Number);
        return r;
    }

    public int Constant() => Random.Next(8) switch
    {
        0 => Random.Next(int.MinValue, int.MaxValue),
        1 => Pick(0, 1, -1, int.MaxValue, int.MinValue, 0xff, 0xffff, 0x8000, -0x8000),
        2 => 1 << Random.Next(31),
        3 => -(1 << Random.Next(31)),
        _ => Random.Next(0, 70),
    };

    /// <summary>What may be gone after a call.</summary>
    public void Clobber(bool packets = false)
    {
        for (int r = 1; r <= 5; r++)
            Regs[r] = Held.Nothing;
        if (!packets)
            return;
        for (int r = 0; r < 10; r++)
        {
            if (Regs[r] is Held.Packet or Held.PacketEnd)
                Regs[r] = Held.Nothing;
        }
    }

    /// <summary>What is believed, to return to at the other end of a branch.</summary>
    public (Held[] Regs, int Range, uint Slots, uint Pointers) Save() => ((Held[])Regs.Clone(), PacketRange, Slots, PointerSlots);

    public void Restore((Held[] Regs, int Range, uint Slots, uint Pointers) saved)
    {
        Regs = (Held[])saved.Regs.Clone();
        PacketRange = saved.Range;
        Slots = saved.Slots;
        PointerSlots = saved.Pointers;
    }

    /// <summary>Only what holds on both ways holds behind them; seldom that is forgotten.</summary>
    public void Join((Held[] Regs, int Range, uint Slots, uint Pointers) other)
    {
        for (int r = 0; r < 10; r++)
        {
            if (Regs[r] != other.Regs[r] && !Chance(3))
                Regs[r] = Held.Nothing;
        }

        PacketRange = Math.Min(PacketRange, other.Range);
        if (!Chance(3))
            Slots &= other.Slots;
        PointerSlots |= other.Pointers;
    }

    /// <summary>Lets a jump that was written with offset 0 go to the next instruction to be written.</summary>
    public void Land(int jump) => Insns[jump] = Insns[jump] with { Off = (short)(Insns.Count - jump - 1) };
}
