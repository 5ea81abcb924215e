using System.Text;
using WebBpf.Kernel.Verifier.Calls;
using Xunit;

namespace WebBpf.Tests.Kernel.Calls;

/// <summary>Formats that bpf_snprintf takes, as the kernel's bpf_bprintf_prepare.</summary>
public sealed class FormatTests
{
    [Theory]
    [InlineData("plain text\n", 0)]
    [InlineData("100%%", 0)]
    [InlineData("%d %u %i %x %X", 5)]
    [InlineData("%ld %llu %lx", 3)]
    [InlineData("%08d|%-4x|%+i", 3)]
    [InlineData("%s, %c", 2)]
    [InlineData("%p %px %pK %ps %pS %pB", 6)]
    [InlineData("%pi4 %pI6 %pks %pus", 4)]
    [InlineData("%d", 3)]
    public void Formats_that_are_taken(string format, ulong arguments) =>
        Assert.True(ConstStrings.IsFormat(Encoding.ASCII.GetBytes(format), arguments));

    [Theory]
    [InlineData("%d", 0)]
    [InlineData("%d %d", 1)]
    [InlineData("%f", 1)]
    [InlineData("%", 1)]
    [InlineData("%lld %ls", 2)]
    [InlineData("%sx", 1)]
    [InlineData("%pq", 1)]
    [InlineData("%pi5", 1)]
    [InlineData("\u0001", 0)]
    [InlineData("%hd", 1)]
    public void Formats_that_are_refused(string format, ulong arguments) =>
        Assert.False(ConstStrings.IsFormat(Encoding.ASCII.GetBytes(format), arguments));

    [Fact]
    public void Bytes_beyond_ascii_are_text_and_no_conversion()
    {
        Assert.True(ConstStrings.IsFormat([0xc3, 0xa4], 0));
        Assert.False(ConstStrings.IsFormat([(byte)'%', 0xc3], 1));
    }
}
