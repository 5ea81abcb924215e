using Microsoft.Extensions.Options;
using WebBpf.Server.Hosting;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.AddWebBpfConfiguration();
builder.Services.AddWebBpf(builder.Configuration);

WebApplication app = builder.Build();
try
{
    BindingCheck.Run(app.Configuration, app.Services.GetRequiredService<IOptions<AuthOptions>>().Value);
    app.UseWebBpf();
    app.MapWebBpf();
    await app.RunAsync();
    return 0;
}
catch (Exception refusal) when (refusal is StartupException or OptionsValidationException)
{
    await Console.Error.WriteLineAsync($"WebBpf does not start: {refusal.Message}");
    return 1;
}
