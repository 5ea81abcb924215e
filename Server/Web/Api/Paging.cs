using System.Globalization;
using System.Reflection;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api;

/// <summary>
/// Lists by cursor and limit. The cursor is the position after the last item of a page: its id where the list is in order of ids, or a
/// count where <c>sort=field</c> or <c>sort=-field</c> asks for another order. <c>filter=text</c> keeps items with a field that contains the text;
/// <c>filter=field:text</c> looks at one field.
/// </summary>
public static class Paging
{
    public const int DefaultLimit = 100;
    public const int MaxLimit = 1000;

    /// <exception cref="ApiException">400 for a limit out of range, a cursor that is none, or an unknown field.</exception>
    public static Page<T> Of<T>(IEnumerable<T> items, Func<T, long> id, string? cursor, int? limit, string? filter, string? sort)
        where T : class
    {
        int size = Limit(limit);
        long after = cursor is null ? -1 : Cursor(cursor);
        IEnumerable<T> all = filter is null ? items : Filter(items, filter);
        if (sort is null)
        {
            List<T> page = [.. all.Where(i => id(i) > after).OrderBy(id).Take(size + 1)];
            bool more = page.Count > size;
            if (more)
                page.RemoveAt(size);
            return new Page<T>(page, more ? id(page[^1]).ToString(CultureInfo.InvariantCulture) : null);
        }

        int skip = after < 0 ? 0 : (int)Math.Min(after, int.MaxValue);
        List<T> sorted = [.. Sort(all, sort).Skip(skip).Take(size + 1)];
        bool rest = sorted.Count > size;
        if (rest)
            sorted.RemoveAt(size);
        return new Page<T>(sorted, rest ? (skip + size).ToString(CultureInfo.InvariantCulture) : null);
    }

    /// <summary>
    /// As <see cref="Of"/> for objects that are read one by one: without filter and order only those of the page are read.
    /// <paramref name="read"/> gives null for what went away meanwhile.
    /// </summary>
    public static Page<T> Of<T>(Func<uint, IEnumerable<uint>> idsAfter, Func<uint, T?> read, Func<T, long> id, string? cursor, int? limit, string? filter, string? sort)
        where T : class
    {
        int size = Limit(limit);
        long after = cursor is null ? 0 : Math.Min(Cursor(cursor), uint.MaxValue);
        if (filter is not null || sort is not null)
            return Of(idsAfter(0).Select(read).OfType<T>(), id, cursor, limit, filter, sort);
        List<T> page = [.. idsAfter((uint)after).Select(read).OfType<T>().Take(size + 1)];
        bool more = page.Count > size;
        if (more)
            page.RemoveAt(size);
        return new Page<T>(page, more ? id(page[^1]).ToString(CultureInfo.InvariantCulture) : null);
    }

    public static int Limit(int? limit) =>
        limit is null or (>= 1 and <= MaxLimit) ? limit ?? DefaultLimit : throw ApiException.Bad("limit", $"1 to {MaxLimit} is expected.");

    private static long Cursor(string cursor) =>
        long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw ApiException.Bad("cursor", "this is no cursor of this list.");

    private static IEnumerable<T> Filter<T>(IEnumerable<T> items, string filter)
    {
        int colon = filter.IndexOf(':');
        PropertyInfo? one = colon > 0 ? Property<T>(filter[..colon]) : null;
        string text = one is null ? filter : filter[(colon + 1)..];
        PropertyInfo[] fields = one is null ? typeof(T).GetProperties() : [one];
        return items.Where(i => fields.Any(f => Text(f.GetValue(i)).Contains(text, StringComparison.OrdinalIgnoreCase)));
    }

    private static IOrderedEnumerable<T> Sort<T>(IEnumerable<T> items, string sort)
    {
        bool down = sort.StartsWith('-');
        PropertyInfo field = Property<T>(sort.TrimStart('-')) ?? throw ApiException.Bad("sort", $"there is no field '{sort.TrimStart('-')}'.");
        Comparer<object?> order = Comparer<object?>.Create((a, b) => a is IComparable && b is not null && a.GetType() == b.GetType()
            ? Comparer<object>.Default.Compare(a, b)
            : string.CompareOrdinal(Text(a), Text(b)));
        return down ? items.OrderByDescending(i => field.GetValue(i), order) : items.OrderBy(i => field.GetValue(i), order);
    }

    private static PropertyInfo? Property<T>(string wireName) =>
        typeof(T).GetProperties().FirstOrDefault(p => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name) == wireName);

    private static string Text(object? value) => value switch
    {
        null => "",
        string text => text,
        System.Collections.IEnumerable list => string.Join(' ', list.Cast<object?>()),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
